//! Newest by ledger, at most 20 times a second, and said again.

use std::time::{Duration, Instant};

use crate::{
    limits::{STOCK_INTERVAL, STOCK_LEVELS, STOCK_REPEATS},
    room::Board,
    testing::{level, shelf},
};

#[test]
fn the_newest_by_ledger_wins_whatever_comes_last() {
    let mut board = Board::default();
    assert!(board.offer(level(1, 5)));
    assert!(!board.offer(level(1, 4)));
    assert!(!board.offer(level(1, 5)));
    assert!(board.offer(level(1, 6)));
    assert!(
        board.offer(level(2, 1)),
        "products have ledgers of their own"
    );
    assert_eq!(board.levels(), vec![level(1, 6), level(2, 1)]);
}

#[test]
fn a_burst_goes_out_at_twenty_hertz_with_its_last_values() {
    let (mut board, start) = (Board::default(), Instant::now());
    let (mut said, mut now, mut batches) = (Vec::new(), start, 0);
    for seq in 1..=1_000 {
        board.offer(level(1, seq));
        now = start + Duration::from_millis(seq);
        let levels = board.take(now);
        batches += usize::from(!levels.is_empty());
        said.extend(levels);
    }
    assert!(
        (19..=21).contains(&batches),
        "{batches} batches in a second"
    );
    assert!(
        said.windows(2)
            .all(|pair| pair[0].ledger_seq < pair[1].ledger_seq)
    );
    let last = board.take(now + STOCK_INTERVAL);
    assert_eq!(last, vec![level(1, 1_000)]);
}

#[test]
fn a_level_is_said_again_because_the_lane_may_lose_it() {
    let (mut board, start) = (Board::default(), Instant::now());
    board.offer(level(1, 1));
    let (mut said, mut now) = (0, start);
    while let Some(due) = board.due(now) {
        assert!(due <= start + Duration::from_secs(10), "it must end");
        now = due.max(now);
        said += board.take(now).len();
    }
    assert_eq!(said, 1 + usize::from(STOCK_REPEATS));
    assert!(now - start >= Duration::from_secs(1));
}

#[test]
fn nothing_is_taken_before_it_is_due() {
    let (mut board, start) = (Board::default(), Instant::now());
    board.offer(level(1, 1));
    assert_eq!(board.take(start).len(), 1);
    board.offer(level(1, 2));
    assert_eq!(board.due(start), Some(start + STOCK_INTERVAL));
    assert!(board.take(start + STOCK_INTERVAL / 2).is_empty());
    assert_eq!(board.take(start + STOCK_INTERVAL), vec![level(1, 2)]);
}

#[test]
fn a_registered_shelf_is_merged_and_closed_sales_are_forgotten() {
    let mut board = Board::default();
    board.offer(level(1, 9));
    let mut state = shelf(0);
    state.stock = vec![level(1, 3), level(2, 4)];
    board.register(&state);
    assert_eq!(
        board.levels(),
        vec![level(1, 9), level(2, 4)],
        "the tick was newer"
    );
    board.register(&shelf(0));
    assert!(
        board.levels().is_empty(),
        "neither sale nor stock on the shelf"
    );
}

#[test]
fn the_board_is_bounded() {
    let mut board = Board::default();
    for product in 0..2 * STOCK_LEVELS as u128 {
        board.offer(level(product, 1));
    }
    assert_eq!(board.levels().len(), STOCK_LEVELS);
    assert!(board.offer(level(0, 2)), "what is known still changes");
}
