//! Many viewers joining a publisher that ignores keyframe requests (OBS). Without a cached keyframe
//! it is asked once a second at most, and everyone starts at the next one.

use std::time::Duration;

use media_core::shard::Shard;

use crate::net::Net;

#[test]
fn requests_are_collected_and_all_start_at_the_keyframe() {
    let mut net = Net::new(2);
    net.shards.iter_mut().for_each(Shard::disable_cache);
    let publisher = net.publisher(0);
    net.send_from(publisher, |node, _, out| node.send_frame(0, true, 3, out));
    net.run(Duration::from_millis(100));
    net.nodes[publisher].plis.clear();
    let mut viewers = Vec::new();
    let start = net.now;
    for number in 1..=40 {
        viewers.push(net.viewer(number as usize % 2));
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, false, 3, out)
        });
        net.run(Duration::from_millis(33));
        let ssrc = 10_001 + 2 * net.nodes[viewers[0]].peer.0 as u32;
        net.send_from(viewers[0], |node, _, out| node.send_pli(ssrc, out));
    }
    net.run(Duration::from_secs(2));
    let plis = &net.nodes[publisher].plis;
    assert!(plis.len() >= 2, "{}", plis.len());
    assert!(
        plis.len() as u64 <= (net.now - start).as_secs() + 1,
        "{}",
        plis.len()
    );
    assert!(
        plis.windows(2)
            .all(|pair| pair[1] - pair[0] >= Duration::from_millis(990))
    );
    assert!(
        viewers
            .iter()
            .all(|place| net.nodes[*place].track(true).is_empty())
    );

    net.send_from(publisher, |node, _, out| node.send_frame(50, true, 3, out));
    net.send_from(publisher, |node, _, out| node.send_frame(51, false, 3, out));
    net.run(Duration::from_millis(200));
    for place in viewers {
        let track = net.nodes[place].track(true);
        assert_eq!(track.len(), 6);
        assert_eq!(track[0].1.payload[..2], [0x10, 0x00]);
    }
    let asked = net.nodes[publisher].plis.len();
    net.run(Duration::from_secs(3));
    assert_eq!(
        net.nodes[publisher].plis.len(),
        asked,
        "nobody waits any more"
    );
}
