"""What entities and columns are called in grown systems: English, German, Chinese, and an old ERP's short names.

Data for `guesses`. A phrase is lower-case words in the singular; `id` stands for every word of WORDS that means it.
"""

from __future__ import annotations

WORDS = {
    "no": "id", "nr": "id", "num": "id", "number": "id", "nummer": "id", "code": "id", "key": "id", "identifier": "id",
    "on": "date", "at": "date", "dt": "date", "datum": "date", "day": "date", "am": "date", "time": "date",
    "timestamp": "date", "qty": "quantity", "menge": "quantity", "amt": "amount", "betrag": "amount",
    "cust": "customer", "client": "customer", "kunde": "customer", "kunden": "customer", "debitor": "customer",
    "debtor": "customer", "buyer": "customer", "prod": "product", "artikel": "product", "article": "product",
    "material": "product", "sku": "product", "auftrag": "order", "bestellung": "order", "rechnung": "invoice",
    "faktura": "invoice", "bill": "invoice", "lieferung": "delivery", "shipment": "delivery", "dispatch": "delivery",
    "zahlung": "payment", "vertrag": "contract", "kontrakt": "contract", "agreement": "contract", "wahrung": "currency",
    "curr": "currency", "position": "line", "pos": "line", "detail": "line", "modified": "changed",
    "updated": "changed", "update": "changed", "geandert": "changed", "change": "changed", "removed": "deleted",
    "canceled": "cancelled", "storno": "cancelled", "header": "head", "desc": "description", "customers": "customer",
    "reseller": "customer", "dealer": "customer", "organisation": "company", "organization": "company",
    "firma": "company", "waehrung": "currency", "geaendert": "changed", "geloscht": "deleted", "geloescht": "deleted",
    "seit": "since", "bezeichnung": "description", "preis": "price", "kopf": "head", "kd": "customer",
    "land": "country",
    "geaend": "changed", "geand": "changed", "aend": "changed", "aenderung": "changed", "anderung": "changed",
    "dat": "date", "liefer": "delivery", "fallig": "due", "faellig": "due", "falligkeit": "due", "faelligkeit": "due",
    "bezahlt": "paid", "gezahlt": "paid", "kurs": "rate", "wechsel": "exchange", "verkaufer": "salesperson",
    "verkaeufer": "salesperson", "gultig": "valid", "gueltig": "valid", "von": "from", "ab": "from", "bis": "to",
    "beginn": "begin", "ende": "end", "rahmen": "frame", "besuch": "visit", "besuche": "visit", "kontakt": "contact",
    "reklamation": "complaint", "fall": "case", "prioritat": "priority", "prioritaet": "priority", "typ": "type",
    "kosten": "cost", "vertrage": "contract", "vertraege": "contract", "eroffnet": "opened", "eroeffnet": "opened",
    "geschlossen": "closed", "erledigt": "closed",
    "bedarf": "demand", "jahr": "year", "umfrage": "survey", "befragung": "survey", "stufe": "level",
    "betreuer": "manager", "vertriebsburo": "department", "vertriebsbuero": "department", "verkaufsburo": "department",
    "verkaufsbuero": "department",
}  # fmt: skip

# Chinese puts no spaces between words: the longest term that stands there is read as these English words.
CHINESE = {
    "客户": "customer", "顾客": "customer", "公司": "company", "名称": "name", "产品": "product", "物料": "product",
    "商品": "product", "产品族": "product family", "产品类别": "product category", "类别": "category", "订单": "order",
    "销售订单": "sales order", "订单行": "order line", "订单明细": "order line", "明细": "line", "行号": "line id",
    "行": "line", "编号": "id", "编码": "id", "代码": "id", "号": "id", "日期": "date", "时间": "date",
    "日": "date", "下单": "order", "数量": "quantity", "单价": "unit price", "价格": "price", "单位成本": "unit cost",
    "标准成本": "standard cost", "成本": "cost", "费用": "cost", "金额": "amount", "发票": "invoice", "开票": "issued",
    "到期": "due", "付款": "payment", "收款": "payment", "回款": "payment", "交货": "delivery", "发货": "delivery",
    "承诺": "promised", "行业": "industry", "地区": "region", "区域": "region", "部门": "department",
    "币种": "currency", "货币": "currency", "业务员": "salesperson", "销售员": "salesperson", "取消": "cancelled",
    "信用额度": "credit limit", "投诉": "complaint", "工单": "ticket", "类型": "type", "严重程度": "severity",
    "优先级": "priority", "打开": "opened", "受理": "opened", "关闭": "closed", "调查": "survey", "期望": "expected",
    "感受": "perceived", "拜访": "visit", "联系": "contact", "渠道": "channel", "客户经理": "account manager",
    "需求": "demand", "年度": "year", "年份": "year", "年": "year", "合同": "contract", "级别": "level",
    "开始": "start", "生效": "start", "结束": "end", "终止": "end", "汇率": "exchange rate", "修改": "changed",
    "更新": "changed", "删除": "deleted", "删除标志": "deletion flag",
}  # fmt: skip

ENTITIES: dict[str, tuple[str, ...]] = {
    "customer": ("customer", "customer master", "account", "business partner", "company", "kna1", "kundenstamm"),
    "product": ("product", "product master", "item", "mara", "materialstamm"),
    "sales_order": ("order", "sales order", "order head", "sales order head", "vbak", "auftragskopf"),
    "sales_order_line": (
        "order line", "order item", "sales order line", "sales order item", "vbap", "auftragspositionen", "line item",
    ),
    "delivery": ("delivery", "delivery item", "delivery line", "good issued", "good issue", "lips"),
    "invoice": ("invoice", "sales invoice", "invoice head", "vbrk"),
    "payment": ("payment", "incoming payment", "receipt", "customer payment"),
    "service_record": (
        "service record", "ticket", "complaint", "case", "service request", "claim", "support ticket",
        "service case",
    ),
    "survey_response": ("survey response", "survey", "survey answer", "satisfaction survey"),
    "interaction": ("interaction", "activity", "contact", "visit", "customer contact"),
    "account_assignment": (
        "account assignment", "account owner", "account manager", "customer owner", "manager", "customer manager",
    ),
    "demand_estimate": ("demand estimate", "market potential", "customer potential", "demand"),
    "contract": ("contract", "contract head", "frame contract", "vbkk"),
    "exchange_rate": ("exchange rate", "currency rate", "fx rate", "tcurr", "currency exchange rate", "rate"),
    "collaboration": ("collaboration", "joint project", "partnership"),
}  # fmt: skip

# By the canonical column's name; `entity.column` where a name means different things.
COLUMNS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "customer id", "customer", "account id", "sold to party", "kunnr", "kunag", "bill to customer", "kd id",
    ),
    "customer_name": ("customer name", "company name", "account name", "name", "name1", "company"),
    "industry": ("industry", "industry id", "sector", "branche", "brsch", "line of business"),
    "region": ("region", "region id", "country", "state", "territory", "regio"),
    "sales_department": ("sale department", "sale office", "department", "vkbur"),
    "customer_since_on": ("customer since", "since", "created date", "since date", "erdat"),
    "credit_limit": ("credit limit", "klimk", "kreditlimit", "kreditlinie"),
    "product_id": ("product id", "product", "item id", "matnr", "stock id", "art id"),
    "product_name": ("product name", "name", "description", "product description", "maktx", "kurztext"),
    "product_family": (
        "product family", "family", "category", "category id", "category name", "product category", "product group",
        "product line", "matkl", "subcategory", "product subcategory id", "warengruppe", "wgr"),
    "is_premium": ("premium", "is premium", "premium grade"),
    "launched_on": (
        "launched date", "launch date", "sell start date", "mstde", "introduced date", "einfuhrung", "einfuehrung",
    ),
    "order_id": ("order id", "order", "sales order id", "vbeln", "vgbel", "aubel", "auf id"),
    "ordered_on": ("order date", "ordered date", "document date", "audat", "invoice date"),
    "salesperson_id": ("salesperson id", "salesperson", "sale person id", "sale rep", "employee id", "pernr", "seller"),
    "currency": ("currency", "currency id", "waerk", "waers", "from currency id", "fcurr", "from"),
    "is_cancelled": ("cancelled", "is cancelled", "cancelled status", "abstk", "abgru"),
    "line_number": ("line id", "order line id", "item id", "posnr", "vgpos", "order item", "line"),
    "quantity": ("quantity", "order quantity", "ordered quantity", "kwmeng", "lfimg", "delivered quantity", "unit"),
    "unit_price": ("unit price", "price", "net price", "netpr", "nettopreis", "sale price"),
    "unit_cost": ("unit cost", "cost", "standard cost", "stprs", "cost price", "ek price", "einkauf price"),
    "promised_on": (
        "promised date", "required date", "requested date", "edatu", "due date", "wunschlieferdatum", "wunschtermin",
        "liefertermin",
    ),
    "delivery_id": ("delivery id", "delivery", "vbeln vl"),
    "delivered_on": (
        "delivered date", "delivery date", "ship date", "shipped date", "wadat ist", "good issued date", "wa date",
    ),
    "invoice_id": ("invoice id", "invoice", "vbeln vf", "rebzg", "document id", "re id"),
    "issued_on": ("issued date", "issue date", "invoice date", "fkdat", "fakturadatum", "re date"),
    "due_on": ("due date", "faedt", "fallig date", "payment due date", "due"),
    "amount": ("amount", "total", "net amount", "total amount", "netwr", "wrbtr", "net value", "brutto"),
    "payment_id": ("payment id", "payment", "belnr", "payment document", "receipt id"),
    "paid_on": ("paid date", "payment date", "value date", "augdt", "valuta"),
    "service_id": ("service id", "ticket id", "case id", "complaint id", "claim id"),
    "severity": ("severity", "priority"),
    "opened_on": ("opened date", "created date", "open date", "received date", "opened"),
    "closed_on": ("closed date", "close date", "resolved date", "finished date", "closed"),
    "cost": ("cost", "cost amount"),
    "survey_id": ("survey id", "response id"),
    "attribute": ("attribute", "question", "topic"),
    "surveyed_on": ("surveyed date", "answered date", "survey date", "response date"),
    "expected": ("expected", "expected score", "expectation"),
    "perceived": ("perceived", "perceived score", "perception", "score"),
    "interaction_id": ("interaction id", "activity id", "contact id", "visit id"),
    "occurred_on": ("occurred date", "activity date", "contact date", "visit date", "date", "am"),
    "channel": ("channel", "contact type", "activity type", "medium", "art"),
    "account_manager_id": ("account manager id", "owner id", "owner", "manager id", "account owner", "manager"),
    "valid_from_on": ("valid from", "from date", "start date", "since", "from"),
    "valid_to_on": ("valid to", "to date", "end date", "until", "to"),
    "demand_year": ("demand year", "year", "potential year", "calendar year"),
    "total_demand_quantity": ("total demand", "demand", "potential", "total quantity"),
    "contract_id": ("contract id", "contract", "vbeln k"),
    "relationship_level": ("relationship level", "contract type", "level", "ktart"),
    "starts_on": ("start date", "valid from", "guebg", "begin date", "from date", "begin"),
    "ends_on": ("end date", "valid to", "gueen", "expiry date", "to date", "end"),
    "committed_quantity": ("committed quantity", "target quantity", "contract quantity", "zmeng"),
    "rate_on": ("rate date", "date", "gdatu", "quoted date", "valid date", "currency rate date", "valid from"),
    "rate": ("rate", "exchange rate", "ukurs", "average rate", "end of date rate"),
    "collaboration_id": ("collaboration id", "project id"),
    "started_on": ("started date", "start date", "begin date"),
    "ended_on": ("ended date", "end date", "finish date"),
    "referred_customer_id": ("referred customer id", "referred account id", "referral"),
    "service_record.kind": ("kind", "ticket type", "type", "case type", "category"),
    "collaboration.kind": ("kind", "project type", "type"),
}  # fmt: skip

CHANGE_MARKER = ("changed date", "last changed", "last changed date", "changed", "aedat", "row changed date")
# Anywhere in a name or a comment, for Chinese has no spaces.
DISCOUNT = ("discount", "rabatt", "nachlass", "remise", "折扣", "折让")
DELETION_FLAG = ("deleted", "is deleted", "deleted date", "deletion flag", "loekz", "loevm")
