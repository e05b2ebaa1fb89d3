//! What a plain scalar means: YAML 1.1 as PyYAML's `safe_load` resolves it.
//!
//! `yes` is true, `010` is eight, `1e3` is a string (a float needs its dot, an exponent its sign).

use super::node::Value;

/// The value of a plain scalar; `None` where it is an integer too large to keep.
///
/// Dates stay strings: what LiteLLM does with one as a value is refuse it (`api_version: 2024-02-01`).
pub(super) fn resolve(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Some(Value::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Some(Value::Bool(false)),
        _ => {}
    }
    let starts_a_number = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.'));
    if !starts_a_number {
        return Some(Value::Text(text.to_owned()));
    }
    if is_integer(text) {
        return integer(text).map(Value::Integer);
    }
    Some(float(text).map_or_else(|| Value::Text(text.to_owned()), Value::Float))
}

/// The value of a scalar tagged `!!int`.
pub(super) fn integer(text: &str) -> Option<i128> {
    let clean = text.replace('_', "");
    let (sign, digits) = split_sign(&clean);
    let magnitude = match digits {
        _ if digits.starts_with("0b") => i128::from_str_radix(digits.get(2..)?, 2).ok()?,
        _ if digits.starts_with("0x") => i128::from_str_radix(digits.get(2..)?, 16).ok()?,
        _ if digits.contains(':') => sexagesimal_integer(digits)?,
        _ if digits.len() > 1 && digits.starts_with('0') => i128::from_str_radix(digits, 8).ok()?,
        _ => digits.parse().ok()?,
    };
    Some(sign * magnitude)
}

/// The value of a scalar that PyYAML would take for a float, or that is tagged `!!float`.
pub(super) fn float(text: &str) -> Option<f64> {
    let (sign, digits) = split_sign(text);
    let sign = sign as f64;
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if digits == text => return Some(f64::NAN),
        _ => {}
    }
    // PyYAML's pattern allows no sign before a leading dot.
    let signed_dot = digits.starts_with('.') && digits != text;
    if signed_dot {
        return None;
    }
    if digits.contains(':') {
        return sexagesimal_float(digits).map(|number| sign * number);
    }
    is_float(digits).then(|| digits.replace('_', "").parse::<f64>().ok().map(|number| sign * number))?
}

fn split_sign(text: &str) -> (i128, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_integer(text: &str) -> bool {
    let (_, digits) = split_sign(text);
    let all = |part: &str, allowed: fn(u8) -> bool| {
        !part.is_empty() && part.bytes().all(|byte| byte == b'_' || allowed(byte))
    };
    if let Some(binary) = digits.strip_prefix("0b") {
        return all(binary, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return all(hexadecimal, |byte| byte.is_ascii_hexdigit());
    }
    if digits == "0" {
        return true;
    }
    if let Some(octal) = digits.strip_prefix('0') {
        return all(octal, |byte| matches!(byte, b'0'..=b'7'));
    }
    let (first, rest) = digits.split_once(':').unwrap_or((digits, ""));
    let sexagesimal = rest.is_empty() && !digits.ends_with(':') || is_sixties(rest);
    matches!(first.as_bytes().first(), Some(b'1'..=b'9')) && all(first, |byte| byte.is_ascii_digit()) && sexagesimal
}

fn is_sixties(text: &str) -> bool {
    text.split(':').all(|part| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => matches!(tens, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    })
}

fn is_float(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let Some((whole, fraction)) = mantissa.split_once('.') else { return false };
    let digit_or_underscore = |byte: u8| byte == b'_' || byte.is_ascii_digit();
    let starts_well = match whole.as_bytes().first() {
        Some(byte) => byte.is_ascii_digit(),
        None => matches!(fraction.as_bytes().first(), Some(b'0'..=b'9')),
    };
    let exponent_is_signed = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['+', '-'])
            .is_some_and(|power| !power.is_empty() && power.bytes().all(|byte| byte.is_ascii_digit()))
    });
    starts_well && whole.bytes().chain(fraction.bytes()).all(digit_or_underscore) && exponent_is_signed
}

fn sexagesimal_integer(digits: &str) -> Option<i128> {
    let mut total: i128 = 0;
    for part in digits.split(':') {
        total = total.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    Some(total)
}

fn sexagesimal_float(digits: &str) -> Option<f64> {
    let (leading, last) = digits.rsplit_once(':')?;
    let (first, middle) = leading.split_once(':').unwrap_or((leading, ""));
    let (whole, fraction) = last.split_once('.')?;
    let first_is_number = matches!(first.as_bytes().first(), Some(b'0'..=b'9'))
        && first.bytes().all(|byte| byte == b'_' || byte.is_ascii_digit());
    let well_formed = first_is_number
        && (middle.is_empty() || is_sixties(middle))
        && is_sixties(whole)
        && fraction.bytes().all(|byte| byte == b'_' || byte.is_ascii_digit());
    if !well_formed {
        return None;
    }
    let mut total = 0.0;
    for part in digits.replace('_', "").split(':') {
        total = total * 60.0 + part.parse::<f64>().ok()?;
    }
    Some(total)
}
