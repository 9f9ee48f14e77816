"""What the CRM knows of the people side: contacts, account owners, surveys, market potential, joint projects."""

from __future__ import annotations

from datetime import date

import numpy as np

from pipelines.demo import markets
from pipelines.demo.fates import (
    COMPETITOR,
    COMPLAINT,
    CONTACT,
    CONTRACTS,
    MANAGER,
    PROMISES,
    STAYS,
    Fates,
)
from pipelines.demo.population import Population, account_codes
from pipelines.demo.rows import Batch, encoded, last_change, numbered, stream
from pipelines.demo.timeline import (
    DAY,
    FIRST_YEAR,
    LAST_YEAR,
    LIFE_END,
    LIFE_START,
    NEVER,
    NULL,
    YEAR_OF_MONTH,
    Array,
    as_date,
    day_number,
    next_working_day,
)

CHANNELS = encoded(("V", "C", "M", "E"))
QUESTIONS = encoded(("QLT", "PRC", "DLV", "SVC", "TEC"))
PROJECT_TYPES = encoded(("JD", "PI", "REF"))
OWNER_CHANGES = 3
MIGRATED = (LIFE_START - 1) * DAY + 21 * 3600


def _last_contact(fates: Fates) -> Array:
    """The day after which nobody calls on a customer: the lapse itself, else some weeks after it left."""
    return np.where(fates.cause == CONTACT, fates.decided, np.where(fates.leaves == NEVER, NEVER, fates.leaves + 45))


def activity_table(seed: int, people: Population, fates: Fates) -> Batch:
    """`Activity`: visits, calls, meetings, mails; numbered in order of entry, never changed."""
    rng = stream(seed, "activities")
    a_year = np.where(fates.watched, np.exp(2.2 + 0.35 * people.size), 0.8)
    a_year = np.where(people.prospect, 1.5, np.where(fates.cause == CONTACT, np.maximum(a_year, 12.0), a_year))
    begins = np.maximum(people.enters - 40, LIFE_START)
    ends = np.minimum(_last_contact(fates), LIFE_END)
    customer = np.repeat(np.arange(people.count), rng.poisson(a_year * np.clip(ends - begins, 0, None) / 365.0))
    span = (ends - begins)[customer]
    day = begins[customer] + (rng.random(len(customer)) * span).astype(np.int64)
    day = np.minimum(next_working_day(day), LIFE_END)
    entered = day * DAY + rng.integers(9 * 3600, 22 * 3600, len(day))
    entered += np.where(rng.random(len(day)) < 0.05, DAY, 0)
    order = np.lexsort((customer, entered))
    customer, day, entered = customer[order], day[order], entered[order]
    channel = CHANNELS[rng.choice(4, len(day), p=[0.22, 0.45, 0.10, 0.23])]
    channel[rng.random(len(day)) < 0.01] = b""
    columns = {
        "ActivityId": np.arange(1, len(day) + 1),
        "AccountCode": account_codes(customer),
        "ActivityDate": day,
        "Channel": channel,
        "EnteredAt": entered,
    }
    return Batch(columns, entered, entered)


def owner_table(seed: int, people: Population, fates: Fates, until: int) -> Batch:
    """`AccountOwner` at `until`: the row of the owner before is closed when the next one takes over."""
    rng = stream(seed, "owners")
    staff = max(6, people.count // 45)
    count = people.count
    begins = np.where(people.enters > LIFE_START, people.enters - 1, LIFE_START - rng.integers(0, 900, count))
    gaps = (rng.exponential(1 / 0.07, (count, OWNER_CHANGES)) * 365).astype(np.int64) + 120
    starts = np.column_stack([begins, begins[:, None] + np.cumsum(gaps, axis=1)])
    starts[:, 1:] = np.where(starts[:, 1:] > np.minimum(fates.decided, LIFE_END)[:, None], NEVER, starts[:, 1:])
    changing = fates.cause == MANAGER
    place = np.argmax(np.column_stack([starts, np.full(count, NEVER)]) == NEVER, axis=1)
    rows = np.flatnonzero(changing)
    starts = np.column_stack([starts, np.full(count, NEVER)])
    starts[rows, place[rows]] = fates.decided[rows]
    _retirements(rng, starts, people)
    follows = np.column_stack([starts[:, 1:], np.full(count, NEVER)])
    person = (rng.integers(0, staff, count)[:, None] + np.arange(starts.shape[1]) * 3) % staff
    valid = fates.owned[:, None] & (starts != NEVER) & (starts <= LIFE_END)
    valid &= ~people.prospect[:, None]
    customer, _ = np.nonzero(valid)
    start, follow = starts[valid], follows[valid]
    created = np.where(start <= LIFE_START, MIGRATED, start * DAY + 8 * 3600)
    replaced = np.where(follow == NEVER, NEVER, follow * DAY + 8 * 3600)
    changed = last_change(created, until, replaced)
    columns = {
        "AccountCode": account_codes(customer),
        "OwnerCode": markets.person_ids(person[valid]),
        "FromDate": start,
        "ToDate": np.where(replaced <= until, follow - 1, NULL),
        "ModifiedAt": changed,
    }
    return Batch(columns, created, changed)


def _retirements(rng: np.random.Generator, starts: Array, people: Population) -> None:
    """Four times in the life somebody retires and all the customers change hands, without harm."""
    last = starts.shape[1] - 1
    for year in range(FIRST_YEAR + 1, LAST_YEAR, 1):
        if year % 2:
            continue
        day = day_number(date(year, 9, 1))
        hit = np.flatnonzero((rng.random(people.count) < 0.03) & (starts[:, last] == NEVER))
        place = np.argmax(starts[hit] == NEVER, axis=1)
        before = starts[hit, np.maximum(place - 1, 0)]
        fits = (before < day - 30) & (place > 0)
        starts[hit[fits], place[fits]] = day


def survey_table(seed: int, people: Population, fates: Fates) -> Batch:
    """`SurveyAnswer`: some customers answer once a year; what goes wrong for them shows in the attribute."""
    rng = stream(seed, "surveys")
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    answers = rng.random((people.count, len(years))) < np.clip(0.35 + 0.12 * people.size, 0.1, 0.8)[:, None]
    starts = np.array([day_number(date(int(year), 3, 1)) for year in years])
    days = next_working_day(starts[None, :] + rng.integers(0, 240, answers.shape))
    answers &= (days >= people.enters[:, None]) & (days < np.minimum(fates.leaves, LIFE_END)[:, None])
    answers &= (days >= LIFE_START) & ~people.prospect[:, None]
    customer, _ = np.nonzero(answers)
    day = days[answers]
    expected = np.clip(np.round(rng.normal(7.6, 1.1, (len(day), 5))), 1, 10)
    gap = rng.normal(-0.3, 1.0, (len(day), 5)) - 0.35 * people.lateness[customer][:, None] * 10
    for cause, attribute, drop in ((PROMISES, 2, 3.0), (COMPLAINT, 3, 3.0), (COMPETITOR, 1, 2.0), (CONTACT, 3, 1.5)):
        gap[:, attribute] -= np.where(fates.under(cause, customer, day), drop, 0.0)
    perceived = np.clip(np.round(expected + gap), 1, 10)
    created = np.repeat(day * DAY + rng.integers(9 * 3600, 18 * 3600, len(day)), 5)
    numbers = numbered("S", day * 1_000_000 + customer, 12)
    columns = {
        "SurveyNo": np.repeat(numbers, 5),
        "Question": np.tile(QUESTIONS, len(day)),
        "AccountCode": account_codes(np.repeat(customer, 5)),
        "AnsweredOn": np.repeat(day, 5),
        "ExpectedScore": expected.astype(np.int64).ravel(),
        "PerceivedScore": perceived.astype(np.int64).ravel(),
        "ModifiedAt": created,
    }
    return Batch(columns, created, created)


def potential_table(seed: int, people: Population, fates: Fates, weight: Array, until: int) -> Batch:
    """`MarketPotential` at `until`: what a customer buys of steel in a year from everybody, estimated each January.

    `weight`: kilograms a year it would usually buy from us, (customers, months). Where its own business shrinks the
    running year's estimate is cut on the day that shows; where a competitor gains the estimate stays as it was.
    """
    rng = stream(seed, "potential")
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    share = np.clip(rng.beta(2.4, 2.6, people.count), 0.10, 0.95)
    share = np.where(fates.cause == COMPETITOR, np.maximum(share, 0.45), share)
    january = np.array([day_number(date(int(year), 1, 8)) for year in years])
    first = np.array([int(np.flatnonzero(year == YEAR_OF_MONTH)[0]) for year in years])
    judged = np.exp(rng.normal(0, 0.05, (people.count, len(years))))
    estimate = weight[:, first].astype(np.float64) / share[:, None] * judged
    shrinking = fates.cause == CONTRACTS
    cut_year = np.array([as_date(day).year if day < LIFE_END else LAST_YEAR + 1 for day in fates.decided.tolist()])
    left = rng.uniform(0.40, 0.62, people.count)
    cut = np.where(shrinking[:, None] & (years[None, :] >= cut_year[:, None]), left[:, None], 1.0)
    held = fates.estimated[:, None] & (january[None, :] >= (people.enters - 200)[:, None])
    held &= (january < np.minimum(fates.leaves, LIFE_END - 400)[:, None] + 400) & ~people.prospect[:, None]
    customer, column = np.nonzero(held)
    created = np.maximum(january[column] * DAY + 10 * 3600, MIGRATED)
    in_year = shrinking[customer] & (years[column] == cut_year[customer])
    revised = np.where(in_year, np.maximum(fates.decided[customer] * DAY + 11 * 3600, created), NEVER)
    applies = np.where(in_year, revised <= until, True)
    kilograms = estimate[held] * np.where(applies, cut[held], 1.0)
    changed = last_change(created, until, revised)
    columns = {
        "AccountCode": account_codes(customer),
        "PotentialYear": years[column],
        "TotalKg": np.maximum(1000, np.round(kilograms, -2)).astype(np.int64),
        "ModifiedAt": changed,
    }
    return Batch(columns, created, changed)


def project_table(seed: int, people: Population, fates: Fates, until: int) -> Batch:
    """`JointProject` at `until`: joint work with the big ones, and who brought which newcomer."""
    rng = stream(seed, "projects")
    works = rng.poisson(np.clip(0.25 + 0.55 * people.size, 0.02, 3.0)) * ~people.prospect
    worker = np.repeat(np.arange(people.count), works)
    lasts = np.minimum(fates.leaves[worker], LIFE_END)
    begins = np.maximum(people.enters[worker], LIFE_START) + 30
    start = begins + (rng.random(len(worker)) * np.maximum(lasts - begins, 1)).astype(np.int64)
    end = np.where(rng.random(len(worker)) < 0.3, NEVER, start + rng.integers(60, 900, len(worker)))
    newcomers = np.flatnonzero((people.enters > LIFE_START) & ~people.prospect & (rng.random(people.count) < 0.4))
    referrers = _referrers(rng, people, fates, newcomers)
    day = np.concatenate([start, people.enters[newcomers] - rng.integers(5, 40, len(newcomers))])
    end = np.concatenate([end, np.full(len(newcomers), NEVER)])
    kind = np.concatenate([PROJECT_TYPES[rng.integers(0, 3, len(worker))], np.full(len(newcomers), b"RFL")])
    referred = np.concatenate([np.full(len(worker), -1), newcomers])
    customer = np.concatenate([worker, referrers])
    order = np.lexsort((referred, customer, day))
    customer, referred, kind, day, end = customer[order], referred[order], kind[order], day[order], end[order]
    created = day * DAY + 10 * 3600
    finished = np.where(end == NEVER, NEVER, end * DAY + 17 * 3600)
    changed = last_change(created, until, finished)
    columns = {
        "ProjectNo": numbered("J", np.arange(1, len(day) + 1), 6),
        "AccountCode": account_codes(customer),
        "ProjectType": kind,
        "StartDate": day,
        "EndDate": np.where(finished <= until, end, NULL),
        "ReferredAccountCode": np.where(referred < 0, b"", account_codes(np.maximum(referred, 0))),
        "ModifiedAt": changed,
    }
    return Batch(columns, created, changed)


def _referrers(rng: np.random.Generator, people: Population, fates: Fates, newcomers: Array) -> Array:
    """A customer of long standing for each newcomer; contented ones bring several."""
    old = np.flatnonzero((people.enters == LIFE_START) & (fates.cause == STAYS) & ~people.prospect)
    weights = np.exp(0.6 * people.size[old])
    return rng.choice(old, len(newcomers), p=weights / weights.sum())
