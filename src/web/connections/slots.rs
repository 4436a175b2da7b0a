//! Slots for connections, limited in total and for each peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use headway_server::descriptors;

/// Maximum number of connections in total, however many descriptors there are.
const TOTAL: usize = 8_192;

/// Default maximum number of connections of one peer.
const EACH: usize = 1_024;

/// The limits on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In total.
    pub total: usize,
    /// For one peer: one IPv4 address, or one IPv6 /64 network. A proxy is one peer.
    pub each: usize,
}

impl ConnectionLimits {
    /// Limits for a process that can hold this many descriptors: half are for connections, the others for jobs. One
    /// peer gets half of the connections, at most 1,024, unless a number is given.
    pub fn within(descriptors: usize, each: Option<usize>) -> Self {
        let total = (descriptors / 2).clamp(1, TOTAL);
        ConnectionLimits { total, each: each.unwrap_or((total / 2).clamp(1, EACH)) }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits::within(descriptors::most(), None)
    }
}

/// Why a connection gets no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Its peer has reached its limit.
    Peer,
    /// The total limit is reached.
    All,
}

/// The slots. Cheap to clone.
#[derive(Clone)]
pub(super) struct Slots {
    limits: ConnectionLimits,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    total: watch::Sender<usize>,
}

/// A slot, held until it is dropped.
pub(super) struct Slot {
    places: Slots,
    peer: IpAddr,
}

impl Slots {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Slots { limits, taken: Arc::default(), total: watch::Sender::new(0) }
    }

    /// Takes a slot for a connection from this address.
    pub(super) fn take(&self, from: IpAddr) -> Result<Slot, Full> {
        let peer = peer(from);
        let mut taken = self.taken.lock();
        if *self.total.borrow() >= self.limits.total {
            return Err(Full::All);
        }
        if taken.get(&peer).is_some_and(|count| *count >= self.limits.each) {
            return Err(Full::Peer);
        }
        *taken.entry(peer).or_default() += 1;
        self.total.send_modify(|total| *total += 1);
        Ok(Slot { places: self.clone(), peer })
    }

    /// Waits until every slot is free.
    pub(super) async fn all_free(&self) {
        self.total.subscribe().wait_for(|total| *total == 0).await.ok();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
        self.places.total.send_modify(|total| *total -= 1);
    }
}

/// The address that identifies a peer. In IPv6, a peer with one address has a whole network of them.
fn peer(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        // All machines on a link share the link-local network, so there each address counts by itself.
        IpAddr::V6(address) if !address.is_loopback() && !address.is_unicast_link_local() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_gives_back_what_it_leaves() {
        let places = Slots::new(ConnectionLimits { total: 5, each: 2 });
        let from = |text: &str| places.take(text.parse().expect("an address"));
        let one = from("10.0.0.1").expect("a place");
        let _two = from("::ffff:10.0.0.1").expect("the same peer's second");
        assert_eq!(from("10.0.0.1").err(), Some(Full::Peer));
        let _three = from("2001:db8:1:2::1").expect("a place");
        let _four = from("2001:db8:1:2:3:4:5:6").expect("the same network's second");
        assert_eq!(from("2001:db8:1:2::7").err(), Some(Full::Peer));
        let _five = from("2001:db8:1:3::1").expect("another network");
        assert_eq!(from("10.0.0.2").err(), Some(Full::All));
        drop(one);
        assert!(from("10.0.0.1").is_ok());
    }

    #[test]
    fn machines_of_one_link_are_not_one_peer() {
        let places = Slots::new(ConnectionLimits { total: 5, each: 1 });
        let from = |text: &str| places.take(text.parse().expect("an address"));
        let _one = from("fe80::1").expect("a place");
        assert!(from("fe80::2").is_ok());
        assert_eq!(from("fe80::1").err(), Some(Full::Peer));
    }

    #[test]
    fn connections_leave_half_of_the_descriptors_to_jobs() {
        assert_eq!(ConnectionLimits::within(1_024, None), ConnectionLimits { total: 512, each: 256 });
        assert_eq!(ConnectionLimits::within(1 << 20, None), ConnectionLimits { total: TOTAL, each: EACH });
        assert_eq!(ConnectionLimits::within(1_024, Some(600)), ConnectionLimits { total: 512, each: 600 });
    }
}
