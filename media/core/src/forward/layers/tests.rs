use super::*;

fn packet(timestamp: u32, spatial: u8, temporal: u8, key: Key) -> Stored<'static> {
    Stored {
        timestamp,
        marker: false,
        key,
        svc: Svc {
            has_info: true,
            spatial,
            temporal,
            begins: true,
            ends: true,
            switch_up: temporal > 0,
            opens: 0,
            discardable: false,
        },
        index: 0,
        arrival: 0,
        waiting: false,
        pad: 0,
        descriptor: &[],
        payload: &[],
    }
}

/// The spatial layers of one picture that are given, and the marker of the last.
fn picture(layers: &mut Layers, timestamp: u32, temporal: u8, key: Key) -> (Vec<u8>, bool) {
    let (mut given, mut marked) = (Vec::new(), false);
    for spatial in 0..3 {
        let key = if spatial == 0 { key } else { Key::No };
        if let Admission::Send { marker } = layers.admit(&packet(timestamp, spatial, temporal, key))
        {
            given.push(spatial);
            marked = marker;
        }
    }
    (given, marked)
}

fn cap(spatial: u8, temporal: u8) -> Cap {
    Cap { spatial, temporal }
}

#[test]
fn spatial_layers_go_with_any_picture_and_come_with_a_keyframe() {
    let mut layers = Layers::new();
    assert_eq!(picture(&mut layers, 1, 0, Key::Start).0, [0, 1, 2]);
    layers.set(cap(1, 7));
    assert_eq!(picture(&mut layers, 2, 0, Key::No), (vec![0, 1], true));
    layers.set(cap(2, 7));
    assert!(layers.needs_key());
    assert_eq!(picture(&mut layers, 3, 0, Key::No), (vec![0, 1], true));
    assert_eq!(
        picture(&mut layers, 4, 0, Key::Start),
        (vec![0, 1, 2], true)
    );
    assert!(!layers.needs_key());
}

#[test]
fn a_picture_is_not_changed_in_its_middle() {
    let mut layers = Layers::new();
    layers.admit(&packet(1, 0, 0, Key::Start));
    layers.set(cap(0, 0));
    let rest = layers.admit(&packet(1, 1, 0, Key::No));
    assert_eq!(rest, Admission::Send { marker: false });
}

#[test]
fn temporal_layers_come_back_where_the_stream_allows_it() {
    let mut layers = Layers::new();
    picture(&mut layers, 1, 0, Key::Start);
    layers.set(cap(7, 0));
    assert_eq!(picture(&mut layers, 2, 0, Key::No).0, [0, 1, 2]);
    assert!(picture(&mut layers, 3, 1, Key::No).0.is_empty());
    layers.set(cap(7, 7));
    let closed = Stored {
        svc: Svc {
            switch_up: false,
            ..packet(4, 0, 1, Key::No).svc
        },
        ..packet(4, 0, 1, Key::No)
    };
    assert_eq!(layers.admit(&closed), Admission::LeaveOut);
    assert_eq!(picture(&mut layers, 5, 1, Key::No).0, [0, 1, 2]);
    assert_eq!(picture(&mut layers, 6, 2, Key::No).0, [0, 1, 2]);
}

#[test]
fn a_lower_frame_may_open_higher_temporal_layers() {
    let mut layers = Layers::new();
    layers.admit(&packet(1, 0, 0, Key::Start));
    layers.set(cap(7, 0));
    let frame = |timestamp, temporal, opens| {
        let plain = packet(timestamp, 0, temporal, Key::No);
        let svc = Svc {
            switch_up: false,
            opens,
            ..plain.svc
        };
        Stored { svc, ..plain }
    };
    let out = Admission::LeaveOut;
    layers.admit(&frame(2, 0, 7));
    assert_eq!(layers.admit(&frame(3, 2, 0)), out);
    layers.set(cap(7, 2));
    assert_eq!(layers.admit(&frame(4, 1, 0)), out, "nothing opened it yet");
    layers.admit(&frame(5, 0, 1));
    assert_eq!(layers.admit(&frame(6, 2, 0)), out);
    assert_ne!(layers.admit(&frame(7, 1, 0)), out);
    layers.admit(&frame(8, 0, 7));
    assert_ne!(layers.admit(&frame(9, 2, 0)), out);
    layers.set(cap(7, 1));
    layers.admit(&frame(10, 0, 7));
    assert_eq!(layers.admit(&frame(11, 2, 0)), out);
}
