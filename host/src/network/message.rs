//! Messages of rtnetlink: a header, a fixed part, attributes.
//!
//! Source: `rtnetlink(7)`, `netlink(7)`. What is read is read leniently: an attribute of a newer
//! kernel is passed over, one that is cut off ends the list.

/// A request being written.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// A request of this kind, with its fixed part, such as `struct tcmsg`.
    pub(super) fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | REQUEST).to_ne_bytes());
        bytes.extend_from_slice(fixed);
        Self { bytes }
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, kind: u16, payload: &[u8]) -> Self {
        self.add(kind, payload);
        self
    }

    /// Adds an attribute that is a text, ended by a zero.
    pub(super) fn with_text(self, kind: u16, text: &str) -> Self {
        let mut payload = text.as_bytes().to_vec();
        payload.push(0);
        self.with(kind, &payload)
    }

    /// Adds an attribute that is a number of 32 bits in the machine's order.
    pub(super) fn with_number(self, kind: u16, number: u32) -> Self {
        self.with(kind, &number.to_ne_bytes())
    }

    /// Adds an attribute that begins with `fixed` and holds the attributes that `fill` adds.
    pub(super) fn with_nested(
        mut self,
        kind: u16,
        fixed: &[u8],
        fill: impl FnOnce(Self) -> Self,
    ) -> Self {
        let begin = self.bytes.len();
        self.add(kind, fixed);
        let mut filled = fill(self);
        let length = to_length(filled.bytes.len() - begin);
        filled.bytes[begin..begin + 2].copy_from_slice(&length.to_ne_bytes());
        filled
    }

    /// The whole message.
    pub(super) fn finish(mut self, sequence: u32, more_flags: u16) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[0..4].copy_from_slice(&length.to_ne_bytes());
        let flags = u16_at(&self.bytes, 6).unwrap_or(0) | more_flags;
        self.bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }

    fn add(&mut self, kind: u16, payload: &[u8]) {
        let length = to_length(payload.len() + ATTRIBUTE_HEADER);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(payload);
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }
}

/// A message that came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reply<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    /// The fixed part and the attributes.
    pub(super) body: &'a [u8],
}

/// The messages in what was received.
pub(super) fn replies(mut bytes: &[u8]) -> impl Iterator<Item = Reply<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let reply = Reply {
            kind: u16_at(bytes, 4)?,
            flags: u16_at(bytes, 6)?,
            sequence: u32_at(bytes, 8)?,
            body: bytes.get(HEADER..length)?,
        };
        bytes = bytes.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or(&[]);
        Some(reply)
    })
}

/// The attributes in a body behind its fixed part, or in a nested attribute.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & KIND_MASK;
        let payload = bytes.get(ATTRIBUTE_HEADER..length)?;
        bytes = bytes.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or(&[]);
        Some((kind, payload))
    })
}

/// The payload of the first attribute of this kind; of none, nothing.
pub(super) fn attribute(bytes: &[u8], kind: u16) -> &[u8] {
    attributes(bytes).find(|(found, _)| *found == kind).map_or(&[], |(_, payload)| payload)
}

pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u64::from_ne_bytes(*chunk))
}

/// No attribute of ours comes near the end of the range; one that did would be refused.
fn to_length(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
const HEADER: usize = 16;
const ATTRIBUTE_HEADER: usize = 4;
const ALIGNMENT: usize = 4;
/// Two bits beside the kind say that an attribute is nested, and its order of bytes.
const KIND_MASK: u16 = 0x3fff;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message =
            Message::new(36, 0x400, &[7; 20])
                .with_text(1, "htb")
                .with_nested(2, &[], |inner| inner.with_number(6, 17).with(9, &[1, 2, 3, 4, 5]));
        let bytes = message.finish(3, 4);
        let reply = replies(&bytes).next().unwrap();
        assert_eq!((reply.kind, reply.flags, reply.sequence), (36, 0x405, 3));
        assert_eq!(reply.body[..20], [7; 20]);
        assert_eq!(attribute(&reply.body[20..], 1), b"htb\0");
        let inner = attribute(&reply.body[20..], 2);
        assert_eq!(u32_at(attribute(inner, 6), 0), Some(17));
        assert_eq!(attribute(inner, 9), [1, 2, 3, 4, 5]);
        assert!(attribute(inner, 3).is_empty());
        assert_eq!(replies(&bytes).count(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(bytes: Vec<u8>) {
            let read: usize = replies(&bytes).map(|reply| reply.body.len()).sum();
            prop_assert!(read <= bytes.len());
            let read: usize = attributes(&bytes).map(|(_, payload)| payload.len()).sum();
            prop_assert!(read <= bytes.len());
        }
    }
}
