//! Descriptors written bit by bit after the syntax of appendix A, with the structures of the
//! modes L1T3 and L2T2 in its scalability examples.
#![allow(clippy::unwrap_used)]

use super::*;

/// Writes bits.
#[derive(Default)]
struct Pen {
    bytes: Vec<u8>,
    used: usize,
}

impl Pen {
    fn put(&mut self, value: u32, count: u32) -> &mut Self {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
        self
    }
}

/// Template: what comes before the next one (`next_layer_idc`), indications, frame differences.
type Row<'a> = (u32, &'a str, &'a [u32]);

const L1T3: &[Row<'_>] = &[
    (0, "SSS", &[]),
    (1, "SSS", &[4]),
    (1, "-DS", &[2]),
    (0, "--D", &[1]),
    (3, "--D", &[1]),
];
/// Targets by spatial, then by temporal layer.
const L2T2: &[Row<'_>] = &[
    (0, "SSRR", &[]),
    (1, "SSRR", &[4]),
    (2, "-D-R", &[2]),
    (0, "--SS", &[1]),
    (1, "--SS", &[4, 1]),
    (3, "---D", &[2, 1]),
];

fn fixed(pen: &mut Pen, ends: (bool, bool), id: u32, frame: u32) {
    pen.put(ends.0.into(), 1).put(ends.1.into(), 1);
    pen.put(id, 6).put(frame, 16);
}

fn indication(letter: char) -> u32 {
    "-DSR".find(letter).unwrap() as u32
}

/// A keyframe's descriptor with its structure; one chain, one resolution a spatial layer.
fn key(rows: &[Row<'_>], offset: u32, frame: u32) -> Vec<u8> {
    let targets = rows[0].1.len() as u32;
    let mut pen = Pen::default();
    fixed(&mut pen, (true, false), offset, frame);
    pen.put(0b10000, 5).put(offset, 6).put(targets - 1, 5);
    for (next, _, _) in rows {
        pen.put(*next, 2);
    }
    for letter in rows.iter().flat_map(|(_, letters, _)| letters.chars()) {
        pen.put(indication(letter), 2);
    }
    for (_, _, differences) in rows {
        for difference in *differences {
            pen.put(1, 1).put(difference - 1, 4);
        }
        pen.put(0, 1);
    }
    // ns(2), ns(4) or ns(5) of 1; then ns(1), which takes no bits.
    pen.put(1, if targets == 1 { 1 } else { 2 });
    for _ in rows {
        pen.put(1, 4);
    }
    let spatial = 1 + rows.iter().filter(|(next, _, _)| *next == 2).count();
    pen.put(1, 1);
    for _ in 0..spatial {
        pen.put(639, 16).put(359, 16);
    }
    pen.bytes
}

fn delta(ends: (bool, bool), id: u32, frame: u32) -> Vec<u8> {
    let mut pen = Pen::default();
    fixed(&mut pen, ends, id, frame);
    pen.bytes
}

/// Spatial and temporal layer, what it opens, whether it is discardable.
fn place(told: Option<Described>) -> Option<(u8, u8, u8, bool)> {
    let svc = told?.svc?;
    Some((svc.spatial, svc.temporal, svc.opens, svc.discardable))
}

#[test]
fn templates_tell_the_layers_of_later_frames() {
    let mut all = Dependencies::default();
    let told = all.look(&key(L1T3, 10, 100)).unwrap();
    assert!(told.structure);
    assert_eq!(place(Some(told)), Some((0, 0, 7, false)));
    let expected = [(11, 0, 7, false), (12, 1, 0, false), (13, 2, 0, true)];
    for (id, temporal, opens, discardable) in expected {
        let told = all.look(&delta((false, true), id, 101)).unwrap();
        assert!(!told.structure);
        assert_eq!(place(Some(told)), Some((0, temporal, opens, discardable)));
        let svc = told.svc.unwrap();
        assert!(svc.has_info && svc.ends && !svc.begins);
    }
    let unknown = all.look(&delta((true, true), 15, 102)).unwrap();
    assert_eq!(unknown.svc, None, "of a structure that has not come");
}

#[test]
fn spatial_layers_are_told_and_the_own_ones_open() {
    let mut all = Dependencies::default();
    all.look(&key(L2T2, 60, 7)).unwrap();
    let told = |all: &mut Dependencies, id| place(all.look(&delta((true, true), id, 8)));
    assert_eq!(told(&mut all, 61), Some((0, 0, 7, false)));
    assert_eq!(told(&mut all, 62), Some((0, 1, 0, false)));
    assert_eq!(told(&mut all, 0), Some((1, 0, 7, false)), "ids wrap");
    assert_eq!(told(&mut all, 1), Some((1, 1, 0, true)));
}

#[test]
fn indications_of_the_frame_itself_go_first() {
    let mut all = Dependencies::default();
    all.look(&key(L1T3, 0, 1)).unwrap();
    let mut pen = Pen::default();
    fixed(&mut pen, (true, true), 2, 2);
    // Active targets and own indications.
    pen.put(0b01100, 5).put(0b111, 3);
    for letter in "-SS".chars() {
        pen.put(indication(letter), 2);
    }
    let svc = all.look(&pen.bytes).unwrap().svc.unwrap();
    assert!(svc.switch_up);
    assert_eq!((svc.temporal, svc.opens), (1, 7));
}

#[test]
fn without_a_structure_nothing_is_told() {
    let mut all = Dependencies::default();
    assert_eq!(all.look(&delta((true, true), 0, 1)), None);
    assert_eq!(all.look(&[]), None);
    assert_eq!(all.look(&[0x80, 0]), None);
    let whole = key(L2T2, 3, 9);
    for cut in 4..whole.len() - 1 {
        assert_eq!(all.look(&whole[..cut]), None, "{cut}");
    }
    assert!(all.look(&whole).is_some());
    assert_eq!(
        all.look(&whole[..9]),
        None,
        "broken, and the good one stays"
    );
    assert!(all.look(&delta((true, true), 3, 10)).unwrap().svc.is_some());
}

#[test]
fn an_older_structure_changes_nothing() {
    let mut all = Dependencies::default();
    all.look(&key(L1T3, 10, 5)).unwrap();
    all.look(&key(L2T2, 20, 65_000)).unwrap();
    assert!(all.look(&delta((true, true), 11, 6)).unwrap().svc.is_some());
}

#[test]
fn one_layer_is_no_scalable_stream() {
    let mut all = Dependencies::default();
    let told = all.look(&key(&[(0, "S", &[]), (3, "S", &[1])], 0, 1));
    let told = told.unwrap();
    assert!(told.structure && told.svc.is_none());
}

#[test]
fn garbage_never_panics() {
    let mut state = 0x9e37_79b9_u32;
    let mut all = Dependencies::default();
    for round in 0..100_000u32 {
        let mut bytes = if round % 2 == 0 {
            key(L2T2, 3, 9)
        } else {
            vec![0; 40]
        };
        for _ in 0..1 + round % 7 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 16) as usize % bytes.len();
            bytes[at] ^= (state >> 8) as u8;
        }
        bytes.truncate((state >> 20) as usize % (bytes.len() + 1));
        let _ = all.look(&bytes);
    }
}

#[test]
fn frame_numbers_are_moved_on_over_the_wrap() {
    let mut descriptor = delta((true, true), 1, 65_535);
    renumber(&mut descriptor, 3);
    assert_eq!(frame_number(&descriptor), Some(2));
    let mut short = [1, 2];
    renumber(&mut short, 9);
    assert_eq!((short, frame_number(&short)), ([1, 2], None));
}
