//! Points in time as providers write them (RFC 3339, ISO 8601), as seconds since 1970.

const DAY_S: i64 = 86_400;

/// `2024-08-20T18:37:24.1Z` or `2024-08-20T20:37:24+02:00`; without a zone it is UTC. `None` for anything else.
pub fn seconds_of(text: &str) -> Option<i64> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let [year, month, day] = numbers(date, '-')?;
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let [hour, minute, second] = numbers(clock.get(..8)?, ':')?;
    let zone = clock.get(8..)?.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    in_range.then_some(days_of(year, month, day) * DAY_S + hour * 3_600 + minute * 60 + second - offset_s(zone)?)
}

/// `Wed, 21 Oct 2015 07:28:00 GMT`, as in HTTP's headers (RFC 9110, IMF-fixdate).
pub fn seconds_of_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split(' ').skip(1);
    let (day, month, year, clock) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    seconds_of(&format!("{year}-{month:02}-{day}T{clock}Z"))
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok();
    let found = [next()?, next()?, next()?];
    parts.next().is_none().then_some(found)
}

/// `Z`, `+02:00`, `-0330` or nothing.
fn offset_s(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => return Some(0),
        Some(("+", digits)) => (1, digits.replace(':', "")),
        Some(("-", digits)) => (-1, digits.replace(':', "")),
        Some(_) => return None,
    };
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

/// Days since 1970 of a date in the Gregorian calendar, counted in eras of 400 years that begin in March.
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests;
