use super::*;
use crate::directory::{Memory, Row, moment_of};

fn at(text: &str) -> Moment {
    moment_of(text).expect("a moment")
}

#[test]
fn a_cron_names_the_next_minute_that_fits_all_its_fields() {
    let cases = [
        ("0 2 * * *", "2026-01-31T12:00:30Z", Some("2026-02-01T02:00:00.000Z")),
        ("*/15 * * * *", "2026-01-31T12:00:00Z", Some("2026-01-31T12:15:00.000Z")),
        ("59 23 31 12 *", "2026-12-31T23:58:59Z", Some("2026-12-31T23:59:00.000Z")),
        ("0 0 * * 0", "2026-01-31T12:00:00Z", Some("2026-02-02T00:00:00.000Z")),
        ("0 0 * * sun", "2026-01-31T12:00:00Z", Some("2026-02-01T00:00:00.000Z")),
        ("5,10-12 4 29 feb *", "2026-01-31T12:00:00Z", Some("2028-02-29T04:05:00.000Z")),
        ("0 0 31 2 *", "2026-01-31T12:00:00Z", None),
    ];
    for (text, now, wanted) in cases {
        let next = Cron::read(text).expect(text).next(at(now));
        assert_eq!(next.map(moment_text).as_deref(), wanted, "{text} after {now}");
    }
}

#[test]
fn what_is_no_cron_is_refused() {
    for text in
        ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "* * * * 7", "x * * * *"]
    {
        assert_eq!(Cron::read(text), None, "{text}");
    }
}

async fn directory(starts: &[&str]) -> Memory {
    let directory = Memory::new(Clock::default());
    let changes = starts.iter().enumerate().map(|(number, start)| {
        let mut row = Row::new();
        row.insert("request_id".to_owned(), number.to_string().into());
        row.insert("call_type".to_owned(), "acompletion".into());
        for time in ["startTime", "endTime"] {
            row.insert(time.to_owned(), (*start).into());
        }
        Change::Insert(&SPEND_LOGS, row)
    });
    directory.write(changes.collect()).await.expect("written");
    directory
}

fn retention(batch_rows: u64) -> Retention {
    Retention {
        logs: Some(Duration::from_hours(24)),
        tag_days: None,
        schedule: Schedule::Every(Duration::from_hours(24)),
        batch_rows,
        batches_max: 500,
        run_max: Duration::from_secs(300),
    }
}

#[tokio::test(start_paused = true)]
async fn logs_that_are_old_enough_go_in_batches_and_others_stay() {
    let starts = [
        "2026-01-01T00:00:00.000Z",
        "2026-01-02T00:00:00.000Z",
        "2026-01-02T11:59:59.999Z",
        "2026-01-02T12:00:00.000Z",
    ];
    for batch_rows in [1, 2, 1000] {
        let directory = directory(&starts).await;
        let removed = retention(batch_rows).prune(&directory, at("2026-01-03T12:00:00Z")).await;
        assert_eq!(removed, Ok(3), "{batch_rows} at a time");
        let left = directory.find(&Query::of(&SPEND_LOGS)).await.expect("rows");
        assert_eq!(left.iter().filter_map(|row| row.text("request_id")).collect::<Vec<_>>(), ["3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_after_so_many_batches() {
    let directory = directory(&["2026-01-01T00:00:00.000Z"; 5]).await;
    let retention = Retention { batches_max: 2, ..retention(1) };
    assert_eq!(retention.prune(&directory, at("2026-02-01T00:00:00Z")).await, Ok(2));
}
