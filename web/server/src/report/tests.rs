//! The sums over a broadcast's viewers.

use media_shard::PeerId;

use super::*;

fn report(n: u64, role: Role, layer: u8, loss: u8) -> PeerReport {
    let track = TrackReport {
        video: true,
        layer,
        loss,
        bitrate: 1_000,
        ..TrackReport::default()
    };
    let phases = Phases {
        key: Some(Duration::from_millis(10 * n)),
        ..Phases::default()
    };
    PeerReport {
        peer: PeerId(n),
        role,
        age: Duration::from_secs(1),
        remote: Some(([192, 0, 2, 1], 9).into()),
        connected: true,
        phases,
        lane_backlog: 0,
        tracks: vec![track],
        estimate: None,
        selected_layer: None,
    }
}

#[test]
fn viewers_are_summed_and_publishers_are_not() {
    let mut absent = report(9, Role::Viewer, 0, 255);
    absent.connected = false;
    let reports = [
        report(1, Role::Publisher, 0, 255),
        report(2, Role::Viewer, 0, 0),
        report(3, Role::Viewer, 2, 64),
        report(4, Role::Viewer, 2, 0),
        report(5, Role::Publisher, 0, 0),
        absent,
    ];
    let audience = Audience::of(&reports);
    assert_eq!((audience.connected, audience.bitrate), (3, 3_000));
    assert_eq!(audience.by_layer, [1, 0, 2]);
    assert_eq!((audience.suffering, audience.first_key_ms), (1, Some(30)));
    assert!((audience.loss - 0.25 / 3.0).abs() < 1e-9);
    assert_eq!(
        publisher(&reports).map(|report| report.peer),
        Some(PeerId(5))
    );
    assert_eq!(Audience::of(&[]), Audience::default());
}

#[test]
fn a_host_is_not_told_where_a_peer_is() {
    let view = PeerView::of(&report(1, Role::Viewer, 0, 0));
    assert!(view.remote.is_some());
    assert!(view.unplaced().remote.is_none());
}
