"""What must hold of the customers' tiers and scores before anyone reads them."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SINCE = date(2026, 11, 22)

_WHOLE = (
    Rule(
        name="every_customer_is_there",
        severity=Severity.FAIL,
        since=SINCE,
        expected="the customers of staging.stg_customer, at least 1, and nobody else",
        reason="A join on the way that loses or invents customers leaves every share and rank plausible and wrong.",
        cure="this is a fault of a model: find the layer where the customers named here appear or vanish",
        unexpected_rows="""
            -- one row per customer missing from or foreign to the candidates; one for the night where nobody is there
            select coalesce(stg_customer.customer_id, customer_tier.customer_id) as customer_id
            from staging.stg_customer as stg_customer
            full outer join candidates.customer_tier as customer_tier
                on customer_tier.customer_id = stg_customer.customer_id
            where customer_tier.customer_id is null or stg_customer.customer_id is null
            union all
            select 'nobody' as customer_id
            from control.night as night
            where not exists (select 1 from candidates.customer_tier as customer_tier)
            order by customer_id
        """,
    ),
    Rule(
        name="customers_did_not_vanish",
        severity=Severity.FAIL,
        since=SINCE,
        expected="at least the share 1 - deleted_share_limit (0.5) of the customers of the previous published night of "
        "the same sources, where those were more than 100",
        reason="Customers stay when they lapse, so only a lost master load or a broken key loses half of them. Up to "
        "100 customers an honest clean-up can.",
        cure="compare landing.customer with the source; if the loss is right, run this night with "
        "CVP_DELETED_SHARE_LIMIT=1",
        unexpected_rows="""
            -- one row: the night, where too few customers are left
            select
                night.as_of_date,
                previous.customers as customers_before,
                tonight.customers as customers_tonight
            from control.night as night
            cross join (
                select count(*) as customers, max(previous_night.as_of_date) as as_of_date
                from control.previous_night as previous_night
            ) as previous
            cross join (
                select count(*) as customers
                from candidates.customer_tier as customer_tier
            ) as tonight
            where
                previous.customers > 100
                and tonight.customers < previous.customers * (1 - $deleted_share_limit)
                and exists (
                    select 1
                    from control.run as run
                    where
                        run.as_of_date = previous.as_of_date
                        and run.status = 'published'
                        and run.source_systems = night.source_systems
                )
        """,
    ),
)

_SCORES = (
    Rule(
        name="scores_lie_within_0_and_100",
        severity=Severity.FAIL,
        since=SINCE,
        expected="value, current, potential, low and high score finite and within 0 and 100 (to 1e-9)",
        reason="Points are clamped and weights sum to 1, so anything outside is a broken calibration or model. "
        "1e-9 is what summing thirty doubles may add.",
        cure="look into the customers' rows of scores.score_indicator for the term that is out of bounds",
        unexpected_rows="""
            -- one row per customer with a score out of bounds
            select customer_tier.customer_id
            from candidates.customer_tier as customer_tier
            where
                customer_tier.value_score not between -1e-9 and 100 + 1e-9
                or customer_tier.current_value_score not between -1e-9 and 100 + 1e-9
                or customer_tier.potential_value_score not between -1e-9 and 100 + 1e-9
                or customer_tier.value_score_low not between -1e-9 and 100 + 1e-9
                or customer_tier.value_score_high not between -1e-9 and 100 + 1e-9
            order by customer_id
        """,
    ),
    Rule(
        name="score_lies_in_its_own_range",
        severity=Severity.FAIL,
        since=SINCE,
        expected="value_score_low <= value_score_high, and coverage within 0 and 1 (to 1e-9)",
        reason="Low and high are the same sum with 0 and with 100 points for what is missing: low cannot be above "
        "high, and coverage is a sum of weights.",
        cure="look into the customers' rows of scores.score_indicator and the calibration's weights",
        unexpected_rows="""
            -- one row per customer whose range or coverage is impossible
            select customer_tier.customer_id
            from candidates.customer_tier as customer_tier
            where
                customer_tier.value_score_low > customer_tier.value_score_high + 1e-9
                or customer_tier.coverage not between -1e-9 and 1 + 1e-9
            order by customer_id
        """,
    ),
    Rule(
        name="scored_exactly_when_active",
        severity=Severity.FAIL,
        since=SINCE,
        expected="value_score, coverage and company_rank for every active customer and for nobody else",
        reason="A null score of an active customer silently takes it out of every rank and tier.",
        cure="look for the customers named here in scores.score_customer",
        unexpected_rows="""
            -- one row per customer scored without being active or active without being scored
            select customer_tier.customer_id
            from candidates.customer_tier as customer_tier
            where
                customer_tier.is_active is null
                or (customer_tier.value_score is not null) <> customer_tier.is_active
                or (customer_tier.coverage is not null) <> customer_tier.is_active
                or (customer_tier.company_rank is not null) <> customer_tier.is_active
            order by customer_id
        """,
    ),
    Rule(
        name="churn_probabilities_lie_within_0_and_1",
        severity=Severity.FAIL,
        since=SINCE,
        expected="churn_probability null or within 0 and 1",
        reason="Anything else is no probability; odds and levels are computed from it.",
        cure="look for the customers named here in churn.churn_customer",
        unexpected_rows="""
            -- one row per customer with an impossible probability
            select customer_tier.customer_id
            from candidates.customer_tier as customer_tier
            where customer_tier.churn_probability not between 0 and 1
            order by customer_id
        """,
    ),
)

_TIERS = (
    Rule(
        name="tiers_are_the_scheme_s",
        severity=Severity.FAIL,
        since=SINCE,
        expected="tier, tier_computed and tier_raw named in the night's scheme, and there for every active customer",
        reason="Reports and rights hang on these names. An override, too, must name a tier of the scheme in force.",
        cure="correct the override in control.tier_override, or the scheme's names in rules.tier_scheme",
        unexpected_rows="""
            -- one row per customer with a missing or unknown tier
            with scheme as (
                select tier_scheme.tier
                from rules.tier_scheme as tier_scheme
                inner join control.night as night on night.tier_scheme = tier_scheme.scheme
            )

            select customer_tier.customer_id
            from candidates.customer_tier as customer_tier
            where
                customer_tier.tier not in (select scheme.tier from scheme)
                or customer_tier.tier_computed not in (select scheme.tier from scheme)
                or customer_tier.tier_raw not in (select scheme.tier from scheme)
                or (
                    customer_tier.is_active
                    and (
                        customer_tier.tier is null
                        or customer_tier.tier_computed is null
                        or customer_tier.tier_raw is null
                    )
                )
            order by customer_id
        """,
    ),
    Rule(
        name="core_is_not_empty",
        severity=Severity.FAIL,
        since=SINCE,
        expected="a core customer (tier_raw) as soon as one active customer's margin is positive, or where no margin "
        "is known and there is volume",
        reason="By the rule the first customer in the order that earns is core; an empty core is a broken share. "
        "Companies whose known margins are all losses have no core honestly.",
        cure="look at margin_share and volume_share in tiers.tier_customer",
        unexpected_rows="""
            -- one row: the night, where the core tier is empty for no reason
            select night.as_of_date
            from control.night as night
            cross join (
                select
                    max(customer_tier.gross_margin_12m) as best_margin,
                    sum(customer_tier.volume_12m) as volume
                from candidates.customer_tier as customer_tier
                where customer_tier.is_active
            ) as company
            where
                (company.best_margin > 0 or (company.best_margin is null and company.volume > 0))
                and not exists (
                    select 1
                    from candidates.customer_tier as customer_tier
                    inner join rules.tier_scheme as tier_scheme on tier_scheme.tier = customer_tier.tier_raw
                    where tier_scheme.scheme = night.tier_scheme and tier_scheme.position = 1
                )
        """,
    ),
    Rule(
        name="core_did_not_turn_over",
        severity=Severity.WARN,
        since=SINCE,
        expected="at most half of all who are core tonight or were core the night before changed sides, where at "
        "least 10 were core",
        reason="Hysteresis keeps the line still, so a turned core is a changed scheme, calibration or source; each "
        "may be wanted. Below 10 customers one or two moves are half.",
        cure="read published.tier_transition after the night, before anybody acts on the new core",
        unexpected_rows="""
            -- one row: the night, where the core turned over
            select
                night.as_of_date,
                core.customers_before,
                core.customers_tonight,
                core.customers_in_both
            from control.night as night
            cross join (
                select
                    count(previous_core.customer_id) as customers_before,
                    count(core_tonight.customer_id) as customers_tonight,
                    count(*) filter (
                        where previous_core.customer_id is not null and core_tonight.customer_id is not null
                    ) as customers_in_both,
                    count(*) as customers_in_either
                from (
                    select previous_night.customer_id
                    from control.previous_night as previous_night
                    inner join rules.tier_scheme as tier_scheme on tier_scheme.tier = previous_night.tier_computed
                    inner join control.night as night on night.tier_scheme = tier_scheme.scheme
                    where tier_scheme.position = 1
                ) as previous_core
                full outer join (
                    select customer_tier.customer_id
                    from candidates.customer_tier as customer_tier
                    inner join rules.tier_scheme as tier_scheme on tier_scheme.tier = customer_tier.tier_computed
                    inner join control.night as night on night.tier_scheme = tier_scheme.scheme
                    where tier_scheme.position = 1
                ) as core_tonight on core_tonight.customer_id = previous_core.customer_id
            ) as core
            where core.customers_before >= 10 and core.customers_in_both * 2 < core.customers_in_either
        """,
    ),
    Rule(
        name="somebody_is_active",
        severity=Severity.WARN,
        since=SINCE,
        expected="at least 1 active customer",
        reason="Without one nobody is scored and the pyramid is empty. It is the honest picture of a company that "
        "stopped selling or of an as-of date long after its data, so the night goes on.",
        cure="check the as-of date and the active window (CVP_ACTIVE_WINDOW_MONTHS)",
        unexpected_rows="""
            -- one row: the night, where nobody is active
            select night.as_of_date
            from control.night as night
            where not exists (select 1 from candidates.customer_tier as customer_tier where customer_tier.is_active)
        """,
    ),
)

SUITE = Suite("candidates", "customer_tier", _WHOLE + _SCORES + _TIERS)
