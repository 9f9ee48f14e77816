"""The words and lists the demo company is made of: industries, regions, product families, name parts.

Codes are the ERP's; the mapping file `demo_sales.yml` translates them back into the words here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Industry:
    """A customer industry: ERP code, share of the customers, preferred families, seasonal swing, cycle in years."""

    code: str
    name: str
    chinese: str
    share: float
    families: tuple[int, ...]
    swing: float
    cycle_years: float


@dataclass(frozen=True)
class Region:
    """A sales region: ERP code, sales department, share of the customers, currency."""

    code: str
    name: str
    department: str
    share: float
    currency: str


@dataclass(frozen=True)
class Family:
    """A product family: ERP code, name, Chinese name, cost in CNY a tonne, margin on cost, grades."""

    code: str
    name: str
    chinese: str
    cost: int
    margin: float
    grades: tuple[str, ...]


INDUSTRIES = (
    Industry("AU", "automotive", "汽车部件", 0.14, (1, 2, 0, 4, 6), 0.08, 4.5),
    Industry("CN", "construction", "钢结构", 0.22, (5, 3, 0, 6, 7), 0.30, 4.0),
    Industry("SB", "shipbuilding", "船舶重工", 0.06, (3, 0, 7, 1, 6), 0.10, 6.0),
    Industry("MA", "machinery", "机械制造", 0.18, (3, 0, 1, 6, 7), 0.12, 3.5),
    Industry("HA", "home_appliances", "家电", 0.10, (2, 1, 4, 0, 6), 0.22, 3.0),
    Industry("EN", "energy", "能源装备", 0.10, (7, 4, 3, 0, 1), 0.15, 5.0),
    Industry("CO", "containers", "集装箱", 0.06, (0, 1, 2, 3, 6), 0.14, 3.0),
    Industry("TR", "trading", "钢贸", 0.14, (0, 5, 6, 1, 3), 0.18, 2.5),
)

REGIONS = (
    Region("EC", "East China", "East", 0.30, "CNY"),
    Region("SC", "South China", "South", 0.17, "CNY"),
    Region("NC", "North China", "North", 0.15, "CNY"),
    Region("CC", "Central China", "Central", 0.12, "CNY"),
    Region("WC", "West China", "West", 0.09, "CNY"),
    Region("SE", "Southeast Asia", "Export Asia", 0.07, "USD"),
    Region("JK", "Japan and Korea", "Export Asia", 0.03, "JPY"),
    Region("EU", "Europe", "Export West", 0.05, "EUR"),
    Region("AM", "Americas", "Export West", 0.02, "USD"),
)
DEPARTMENTS = ("East", "South", "North", "Central", "West", "Export Asia", "Export West")
DEPARTMENT_CODES = ("VE10", "VS20", "VN30", "VC40", "VW50", "VX60", "VX70")

FAMILIES = (
    Family("HRC", "hot_rolled_coil", "热轧卷", 3500, 0.10, ("SS400", "Q235B", "Q355B", "SPHC", "S420MC", "QStE500")),
    Family("CRC", "cold_rolled_coil", "冷轧卷", 4100, 0.13, ("SPCC", "DC01", "DC04", "DP590", "DP780", "QP980")),
    Family("GAL", "galvanized_sheet", "镀锌板", 4600, 0.15, ("SGCC", "DX51D", "DX53D", "HX340", "DP600Z", "ZM310")),
    Family("PLT", "heavy_plate", "中厚板", 3700, 0.11, ("Q235", "Q345R", "AH36", "EH36", "Q690D", "NM450")),
    Family("ELS", "electrical_steel", "硅钢", 6200, 0.20, ("50W800", "50W600", "35W440", "35W300", "30Q120", "23R085")),
    Family("REB", "rebar", "螺纹钢", 3300, 0.05, ("HRB400", "HRB400E", "HRB500", "HRB500E", "HRB600", "CRB600H")),
    Family("WRD", "wire_rod", "线材", 3450, 0.07, ("HPB300", "Q195", "SWRH62B", "SWRH82B", "SAE1006", "55SiCr")),
    Family("SMP", "seamless_pipe", "无缝管", 5100, 0.17, ("20#", "45#", "Q345", "12Cr1MoVG", "L245", "P110")),
)
GRADES_PREMIUM_FROM = 4
SIZES = ("标准", "特厚")

CURRENCIES = ("CNY", "USD", "EUR", "JPY")

CITIES = (
    "上海", "宁波", "苏州", "无锡", "杭州", "南京", "合肥", "广州", "佛山", "深圳", "东莞", "厦门", "天津", "唐山",
    "济南", "青岛", "大连", "沈阳", "武汉", "长沙", "郑州", "洛阳", "南昌", "成都", "重庆", "西安", "昆明", "贵阳",
    "兰州", "常州",
)  # fmt: skip
STEM_FIRST = (
    "华", "鑫", "宏", "金", "东", "恒", "瑞", "永", "德", "盛", "天", "中", "新", "凯", "丰", "国", "安", "大", "海",
    "利", "兴", "泰", "嘉", "隆", "亿", "博", "远", "正", "伟", "富",
)  # fmt: skip
STEM_SECOND = (
    "达", "源", "通", "泰", "盛", "昌", "隆", "诚", "业", "旺", "成", "鹏", "宇", "力", "科", "辉", "联", "顺", "信",
    "发", "祥", "邦", "龙", "阳", "庆", "和", "友", "特", "升", "锐",
)  # fmt: skip
LEGAL_FORMS = ("有限公司", "股份有限公司", "集团有限公司", "实业有限公司")

FOREIGN_PLACES: dict[str, tuple[str, ...]] = {
    "SE": ("Saigon", "Hải Phòng", "Bangkok", "Penang", "Johor", "Jakarta", "Surabaya", "Cebu", "Manila", "Batam"),
    "JK": ("Osaka", "Nagoya", "Chiba", "Kobe", "Busan", "Ulsan", "Pohang", "Hiroshima", "Incheon", "Kitakyushu"),
    "EU": ("Łódź", "Duisburg", "Brescia", "Göteborg", "Bilbao", "Antwerpen", "Ostrava", "Linz", "Nantes", "Győr"),
    "AM": ("Monterrey", "Houston", "São Paulo", "Medellín", "Detroit", "Callao", "Guadalajara", "Hamilton"),
}
FOREIGN_STEMS = (
    "Müller", "Novák", "Tanaka", "Kim", "Andersson", "Ferrari", "Dubois", "Kowalski", "Nguyễn", "Santos", "O'Brien",
    "Suzuki", "García", "Baltic", "Pacific", "Northern", "Delta", "Golden Star", "Union", "Atlas", "Hanjin", "Orion",
    "Premier", "Sterling", "Vulcan", "Meridian",
)  # fmt: skip
FOREIGN_TRADES: dict[str, str] = {
    "AU": "Auto Parts", "CN": "Steel Structures", "SB": "Shipyard", "MA": "Machine Works", "HA": "Appliances",
    "EN": "Energy Systems", "CO": "Containers", "TR": "Metal Trading",
}  # fmt: skip
FOREIGN_FORMS: dict[str, tuple[str, ...]] = {
    "SE": ("Co., Ltd.", "Sdn Bhd", "JSC"),
    "JK": ("K.K.", "Co., Ltd."),
    "EU": ("GmbH", "S.p.A.", "Sp. z o.o.", "AB", "S.A."),
    "AM": ("S.A. de C.V.", "Inc.", "Ltda."),
}
TICKET_SUBJECTS = {
    "CMP": ("表面锈蚀 / surface rust", "厚度超差 / wrong thickness", "延迟交货 / late delivery", "边裂 / edge cracks"),
    "RET": ("错发规格 / wrong dimension shipped", "运输损坏 / transport damage", "退货申请 / return request"),
    "TEC": ("焊接工艺咨询 / welding advice", "冲压开裂分析 / stamping cracks", "涂层选择 / choice of coating"),
    "INQ": ("质保书补发 / mill certificate copy", "对账咨询 / statement of account", "交期查询 / delivery date"),
}
