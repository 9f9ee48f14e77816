"""What is worth knowing of the tiers that persons set."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SINCE = date(2026, 11, 28)

SUITE = Suite(
    "control",
    "tier_override",
    (
        Rule(
            name="no_override_has_just_expired",
            severity=Severity.WARN,
            since=SINCE,
            expected="no override whose last day was the night published before or one since",
            reason="The customer's tier is the computed one again without anybody having decided that tonight, so who "
            "set it is told. Expiry is what was agreed, so the night goes on.",
            cure="nothing, or set the tier again with a new reason: cvp overrides add",
            unexpected_rows="""
                -- one row per override that held on the night before and holds no more
                select
                    tier_override.override_id,
                    tier_override.customer_id,
                    coalesce(tier_override.ended_on, tier_override.expires_on) as last_day
                from control.tier_override as tier_override
                cross join control.night as night
                where
                    tier_override.starts_on <= coalesce(tier_override.ended_on, tier_override.expires_on)
                    and coalesce(tier_override.ended_on, tier_override.expires_on) < night.as_of_date
                    and coalesce(tier_override.ended_on, tier_override.expires_on) >= (
                        select max(previous_night.as_of_date) from control.previous_night as previous_night
                    )
                order by override_id
            """,
        ),
        Rule(
            name="overridden_customers_are_known",
            severity=Severity.WARN,
            since=SINCE,
            expected="no override in force of a customer that the night does not have",
            reason="It has no effect: the customer was merged or its id changed, and its tier is not what a person "
            "decided. Other customers are right, so the night goes on.",
            cure="end it (cvp overrides end) and set the tier of the customer's new id",
            unexpected_rows="""
                -- one row per override that holds for nobody
                select
                    tier_override.override_id,
                    tier_override.customer_id
                from control.tier_override as tier_override
                cross join control.night as night
                where
                    night.as_of_date between tier_override.starts_on
                    and coalesce(tier_override.ended_on, tier_override.expires_on)
                    and not exists (
                        select 1
                        from candidates.customer_tier as customer_tier
                        where customer_tier.customer_id = tier_override.customer_id
                    )
                order by override_id
            """,
        ),
    ),
)
