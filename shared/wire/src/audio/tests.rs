//! Against `litellm.litellm_core_utils.audio_utils.utils.calculate_request_duration` of LiteLLM 1.106.2 with
//! libsndfile, over 12,345 samples of silence that libsndfile itself has written. Only the heads are kept.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn check(what: &str, head: &str, size: Option<u64>, want_s: Option<f64>) {
    let head = bytes(head);
    let bytes = size.or(Some(head.len() as u64));
    let got = length(File { head: &head, bytes });
    match (got.map(|length| length.as_secs_f64()), want_s) {
        (Some(got), Some(want)) => assert!((got - want).abs() < 1e-6, "{what}: {got} in place of {want}"),
        (got, want) => assert_eq!(got, want, "{what}"),
    }
}

#[test]
fn a_head_tells_how_long_the_recording_is() {
    check(
        "wav",
        "524946469660000057415645666d74201000000001000100803e0000007d0000020010006461746172600000",
        Some(24_734),
        Some(0.7715625),
    );
    check(
        "ulaw",
        "524946466c30000057415645666d74201200000007000100401f0000401f000001000800000066616374040000003930 \
         00006461746139300000ffffffffffffffffffffffff",
        Some(12_404),
        Some(1.543125),
    );
    check(
        "wavex",
        "52494646ba60000057415645666d742028000000feff0100803e0000007d000002001000160010000400000001000000 \
         00001000800000aa00389b71666163740400000039300000646174617260000000000000000000000000000000000000 \
         00000000",
        Some(24_770),
        Some(0.7715625),
    );
    check(
        "flac",
        "664c6143000000221000100000000b00000c03e800f000003039af547265d8ce58c583f1bd511f67efaa",
        Some(131),
        Some(0.7715625),
    );
    check(
        "mp3",
        "fff388c400000000000000000058696e670000000f0000001800000480000a0a0a0a15151515202020202a2a2a2a3535 \
         3535404040404a4a4a4a4a55555555606060606a6a6a6a75757575808080808a8a8a8a8a95959595a0a0a0a0aaaaaaaa \
         b5b5b5b5c0c0c0c0cacacacacad5d5d5d5e0e0e0e0eaeaeaeaf5f5f5f5ffffffff0000003c4c414d45332e3130300450 \
         00000000000000001508240387210001",
        Some(1_152),
        Some(0.7715625),
    );
    check(
        "mp3-44",
        "fffb90c4000000000000000000000000000000000058696e670000000f0000000c000006810015151515151515152a2a \
         2a2a2a2a2a2a40404040404040405555555555555555556a6a6a6a6a6a6a6a8080808080808080959595959595959595 \
         aaaaaaaaaaaaaaaac0c0c0c0c0c0c0c0d5d5d5d5d5d5d5d5d5eaeaeaeaeaeaeaeaffffffffffffffff0000003c4c414d \
         45332e31303004af00000000000000001520240387410001cc00000681b5a7b3530000000000",
        Some(1_665),
        Some(0.27993197278911564),
    );
}

#[test]
fn of_ogg_the_end_tells_it() {
    check(
        "vorbis",
        "4f676753000200000000000000002c48287300000000a9bb34ab011e01766f726269730000000001803e000000000000 \
         c0da000000000000a9014f674f67675300043930000000000000",
        None,
        Some(0.7715625),
    );
    check(
        "opus",
        "4f6767530002000000000000000024695f56000000002d045ccc01134f7075734865616401013801803e00000000004f \
         6767530000000000000000004f6767530004e391000000000000",
        None,
        Some(0.7715625),
    );
    let part = "4f676753000200000000000000002c48287300000000a9bb34ab011e01766f726269730000000001803e000000000000 \
         c0da000000000000a9014f674f67675300043930000000000000";
    check("a part of a file", part, Some(9_000), None);
}

#[test]
fn a_constant_rate_and_a_size_tell_it() {
    // 128 kbit/s at 44.1 kHz, without a table.
    let frame = format!("fffb90c4{}", "00".repeat(60));
    check("mp3", &frame, Some(16_000), Some(1.0));
    let tagged = format!("49443304000000000002aaaa{frame}");
    check("a tag in front", &tagged, Some(16_012), Some(1.0));
}

#[test]
fn a_size_that_nobody_knew_is_that_of_the_file() {
    let streamed = "52494646ffffffff57415645666d742010000000010001 00803e0000007d00000200100064617461ffffffff0000";
    check("wav", streamed, Some(44 + 32_000), Some(1.0));
    check("wav of no known size", streamed, None, Some(0.0000625));
}

#[test]
fn what_is_no_recording_has_no_length() {
    for hex in ["", "00", "52494646", "0000001c667479704d344120", "1a45dfa3", "fff388", "49443304000000007f7f7f7f"] {
        check(hex, hex, None, None);
    }
}
