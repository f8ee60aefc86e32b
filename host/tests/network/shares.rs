//! Who gets how much.

use apportion_host::{Network, NetworkControl, NetworkUsage};

use crate::stage::{Traffic, Way, as_float, assert_close, named, network, settle};

pub(crate) fn follow_weights() {
    let traffic = Traffic::new(3);
    let mut network = network("20Mbit", &[(1, None), (2, None), (4, None)]).unwrap();
    traffic.play(&mut network, Way::ToHost, |network| {
        let before = bytes(network, |usage| usage.sent);
        let rates = traffic.measure(2.0);
        let after = bytes(network, |usage| usage.sent);
        let passed: Vec<_> = after.iter().zip(before).map(|(after, b)| after - b).collect();
        let wanted = [1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0];
        assert_close("1:2:4, arrived", &shares(&rates), &wanted, 0.03);
        assert_close("1:2:4, passed the uplink", &shares(&passed), &wanted, 0.01);
        assert_close("of the uplink", &[sum(&rates) / UPLINK], &[1.0], 0.05);

        network.set_shares(&named(&[(3, None), (2, None), (1, None)])).unwrap();
        settle();
        let rates = traffic.measure(2.0);
        assert_close("3:2:1, arrived", &shares(&rates), &[0.5, 1.0 / 3.0, 1.0 / 6.0], 0.03);
    });
    network.close().unwrap();
}

pub(crate) fn are_borrowed() {
    let traffic = Traffic::new(4);
    let weights = [(4, Some("4Mbit")), (1, None), (2, None), (4, None)];
    let mut network = network("20Mbit", &weights).unwrap();
    traffic.play(&mut network, Way::FromHost, |_| {
        // Of the 16 Mbit/s beside the limit, 1:2:4.
        let rates = traffic.measure(2.0);
        let wanted = [4.0, 16.0 / 7.0, 32.0 / 7.0, 64.0 / 7.0];
        assert_rates("a limit of 4 Mbit/s among 1:2:4", &rates, &wanted);

        traffic.stop(3);
        let rates = traffic.measure(2.0);
        assert_rates("one idle", &rates, &[4.0, 16.0 / 3.0, 32.0 / 3.0, 0.0]);

        traffic.stop(1);
        traffic.stop(2);
        let rates = traffic.measure(1.0);
        assert_rates("alone below its limit", &rates, &[4.0, 0.0, 0.0, 0.0]);
    });
    let received = bytes(&network, |usage| usage.received);
    let sent = bytes(&network, |usage| usage.sent);
    // The other direction carries acknowledgements, which count as well.
    assert!(received.iter().zip(&sent).all(|(received, sent)| received > sent && *sent > 0.0));
    network.close().unwrap();
}

/// In Mbit/s of whole frames: the limit holds within 5 %, what is left over is divided within 3 points
/// of the uplink.
fn assert_rates(what: &str, found: &[f64], wanted: &[f64]) {
    let found: Vec<_> = found.iter().map(|rate| rate / GOODPUT / 1e6).collect();
    assert_close(&format!("{what}, Mbit/s"), &found[1..], &wanted[1..], 0.03 * 20.0);
    assert_close(&format!("{what}, the limited, Mbit/s"), &found[..1], &wanted[..1], 0.2);
}

fn bytes(network: &Network, which: impl Fn(NetworkUsage) -> u64) -> Vec<f64> {
    network.usage().unwrap().into_iter().map(|(_, usage)| as_float(which(usage))).collect()
}

fn shares(rates: &[f64]) -> Vec<f64> {
    rates.iter().map(|rate| rate / sum(rates)).collect()
}

fn sum(rates: &[f64]) -> f64 {
    rates.iter().sum()
}

/// 20 Mbit/s of frames, as bits of data that they hold.
const UPLINK: f64 = 20e6 * GOODPUT;
/// A frame of TCP has 1,514 bytes, and 1,448 of them are data.
const GOODPUT: f64 = 1448.0 / 1514.0;
