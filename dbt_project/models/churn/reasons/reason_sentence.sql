-- One row per flagged customer and reason: its evidence in words, from the templates of churn_reason_sentence.
-- In a template {figure} stands for the figure, {figure:percent} for a hundred times it, {figure:quantity} for a rounded
-- quantity and {figure:one|many} for the word that fits its number. Split at the braces every second piece is such a place.
{{ config(materialized='view') }}

with template as (
    select
        reason_code,
        sentence,
        'en' as language,
        evidence as template
    from {{ ref('churn_reason_sentence') }}
    union all
    select
        reason_code,
        sentence,
        'zh' as language,
        evidence_zh as template
    from {{ ref('churn_reason_sentence') }}
),

piece as (
    select
        given.customer_id,
        given.reason_code,
        signal.clause,
        signal.as_severe_count,
        template.language,
        part.position,
        part.position % 2 = 1 as is_literal,
        part.piece,
        split_part(part.piece, ':', 2) as form,
        signal.figures ->> split_part(part.piece, ':', 1) as figure
    from {{ ref('reason_customer') }} as given
    inner join {{ ref('reason_signal') }} as signal
        on given.customer_id = signal.customer_id and given.reason_code = signal.reason_code
    inner join template
        on signal.reason_code = template.reason_code and signal.sentence = template.sentence
    cross join lateral regexp_split_to_table(template.template, '[{}]') with ordinality as part (piece, position)
),

filled as (
    select
        customer_id,
        reason_code,
        clause,
        as_severe_count,
        language,
        position,
        case
            when is_literal then piece
            when form = '' then figure
            when form = 'percent' then cast(trim_scale(round(cast(figure as numeric) * 100, 1)) as text)
            when form = 'quantity'
                then rtrim(to_char(round(cast(figure as numeric), 1), 'FM999,999,999,999,999,990.9'), '.')
            when cast(figure as numeric) = 1 then split_part(form, '|', 1)
            else split_part(form, '|', 2)
        end as word
    from piece
),

-- a figure that is missing makes no half a sentence
clause_sentence as (
    select
        customer_id,
        reason_code,
        clause,
        as_severe_count,
        language,
        case when bool_and(word is not null) then string_agg(word, '' order by position) end as sentence
    from filled
    group by customer_id, reason_code, clause, as_severe_count, language
)

select
    customer_id,
    reason_code,
    string_agg(sentence, '; ' order by as_severe_count, clause) filter (where language = 'en') as evidence,
    string_agg(sentence, '；' order by as_severe_count, clause) filter (where language = 'zh') as evidence_zh
from clause_sentence
group by customer_id, reason_code
