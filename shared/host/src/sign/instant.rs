//! Moments as AWS, Google and Microsoft write them. Knows UTC only, and the Gregorian calendar.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_S: u64 = 86_400;

/// Seconds since 1970.
pub fn since_epoch_s(moment: SystemTime) -> u64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// `20150830T123600Z`, as AWS signs it.
pub fn compact(moment: SystemTime) -> String {
    let seconds = since_epoch_s(moment);
    let (year, month, day) = date(seconds / DAY_S);
    let second = seconds % DAY_S;
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Reads `2015-08-30T12:36:00Z`, also with a fraction or an offset.
pub fn parse(text: &str) -> Option<SystemTime> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let is_shaped = text.as_bytes().get(10).is_some_and(|mark| matches!(mark, b'T' | b't' | b' '));
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let seconds = days * DAY_S + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let rest = text.get(19..)?.trim_start_matches(|mark: char| mark == '.' || mark.is_ascii_digit());
    let moment = UNIX_EPOCH + Duration::from_secs(seconds);
    let offset = rest.get(1..).and_then(|offset| offset.split_once(':'));
    match (is_shaped, rest.as_bytes().first()?, offset) {
        (true, b'Z' | b'z', _) => Some(moment),
        (true, sign @ (b'+' | b'-'), Some((hours, minutes))) => {
            let offset = Duration::from_secs(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60);
            if *sign == b'+' { moment.checked_sub(offset) } else { moment.checked_add(offset) }
        }
        _ => None,
    }
}

/// Year, month and day of a day since 1970: the calendar shifted to begin in March, so that leap days come last.
fn date(day: u64) -> (u64, u64, u64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The inverse of [`date`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_date = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day.checked_sub(1)?;
    let (era, year_of_era) = (year / 400, year % 400);
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    is_date.then(|| (era * 146_097 + of_era).checked_sub(719_468)).flatten()
}

#[cfg(test)]
mod tests;
