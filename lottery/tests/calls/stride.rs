use std::num::NonZeroU32;

use apportion_lottery::{ClientId, Error, Stride, reference};

use super::{Call, saved};

/// Plays calls on stride scheduling, and its slow twin beside it.
pub(crate) fn play_stride(quantum: u32, calls: &[Call]) {
    let Some(given) = NonZeroU32::new(quantum) else { return };
    let mut stride = Stride::new(given);
    let mut twin = reference::Stride::default();
    let mut clients: Vec<ClientId> = Vec::new();
    for &[which, who, what, much] in calls {
        let before = saved(&stride);
        let at = usize::from(who).checked_rem(clients.len());
        let client = at.map(|at| clients[at]);
        let tickets = if what > 250 { u64::MAX >> (what - 230) } else { u64::from(what % 12) };
        let pass = client.and_then(|id| twin.clients.get(id.index()).copied().flatten());
        let known = client.is_some_and(|id| stride.tickets(id).is_ok());
        let refused = match (which % 10, client) {
            (0 | 1, _) => match stride.add(tickets) {
                Ok(id) if clients.len() < 200 => {
                    twin.add(id.index(), u32::try_from(tickets).expect("in range"), quantum);
                    clients.push(id);
                    None
                }
                Ok(id) => stride.remove(id).err(),
                Err(error) => {
                    assert_eq!(error, Error::TicketsOutOfRange { tickets });
                    Some(error)
                }
            },
            (2, Some(id)) => stride.remove(id).map(|()| twin.remove(id.index())).err(),
            (3, Some(id)) => stride.sleep(id).map(|()| twin.sleep(id.index())).err(),
            (4, Some(id)) => stride.wake(id).map(|()| twin.wake(id.index())).err(),
            (5, Some(id)) => {
                let said = stride.set_tickets(id, tickets);
                if said.is_ok() {
                    twin.set_tickets(id.index(), u32::try_from(tickets).expect("in range"));
                }
                said.err()
            }
            (6, Some(id)) => {
                let used = if much > 250 { u32::MAX } else { u32::from(much % 9) };
                let said = stride.charge(id, used);
                if said.is_ok() {
                    twin.charge(id.index(), used);
                }
                said.err()
            }
            (7, _) => {
                stride = serde_json::from_str(&before).expect("it was saved");
                assert_eq!(saved(&stride), before);
                None
            }
            _ => {
                let turn = stride.pick();
                assert_eq!(turn.map(|turn| turn.client.index()), twin.pick());
                if let Some(turn) = turn {
                    assert_eq!(turn.quantum, given);
                    let used = quantum.min(much.into());
                    stride.charge(turn.client, used).expect("it is awake");
                    twin.charge(turn.client.index(), used);
                }
                None
            }
        };
        if let Some(error) = refused {
            assert_eq!(saved(&stride), before, "{error} left its mark");
            let unknown = matches!(error, Error::UnknownClient { .. });
            assert_eq!(unknown, !known && !matches!(error, Error::TicketsOutOfRange { .. }));
            if let Error::AlreadyAwake { .. } = error {
                assert!(pass.is_some_and(|pass| pass.awake));
            }
        }
        for &id in &clients {
            if let Ok(remains) = stride.remains(id) {
                let pass = twin.clients[id.index()].expect("it is there");
                let ahead = if pass.awake { twin.global.0 * pass.tickets } else { 0 };
                assert_eq!(remains, pass.scaled - ahead, "{id}");
            }
        }
    }
}
