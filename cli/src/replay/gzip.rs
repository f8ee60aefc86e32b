//! What gzip(1) has packed: one stream after the other, padded with zeros or not.

use std::io::{self, BufRead, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;

/// The bytes that were packed.
pub(super) struct Unpacked<R> {
    /// Nothing after the end of the last stream.
    decoder: Option<GzDecoder<Chain<Cursor<Vec<u8>>, R>>>,
}

/// Something follows a stream that is neither another one nor zeros, as tapes are padded with.
#[derive(Debug, thiserror::Error)]
#[error("expected nothing but zeros after the gzip stream, found other bytes")]
pub(super) struct Trailing;

impl<R: BufRead> Unpacked<R> {
    /// Of a stream whose first bytes were read already.
    pub(super) fn new(head: Vec<u8>, rest: R) -> Self {
        Self { decoder: Some(GzDecoder::new(Cursor::new(head).chain(rest))) }
    }

    /// What follows the end of a stream: another one, zeros, or nothing.
    fn after(mut rest: R) -> io::Result<Self> {
        let mut head = Vec::new();
        rest.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head)?;
        if head == MAGIC {
            return Ok(Self::new(head, rest));
        }
        for byte in Cursor::new(head).chain(rest).bytes() {
            if byte? != 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, Trailing));
            }
        }
        Ok(Self { decoder: None })
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let length = decoder.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            if let Some(decoder) = self.decoder.take() {
                let (_, rest) = decoder.into_inner().into_inner();
                *self = Self::after(rest)?;
            }
        }
        Ok(0)
    }
}

/// What a stream begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use flate2::Compression;
    use flate2::read::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut packed = Vec::new();
        GzEncoder::new(text.as_bytes(), Compression::fast()).read_to_end(&mut packed).unwrap();
        packed
    }

    /// The text, and the error after it, for buffers of any size.
    fn unpack(bytes: &[u8]) -> (String, Option<String>) {
        let read = |capacity: usize| {
            let mut text = Vec::new();
            let mut unpacked = Unpacked::new(Vec::new(), BufReader::with_capacity(capacity, bytes));
            let error = unpacked.read_to_end(&mut text).err();
            (String::from_utf8(text).unwrap(), error.map(|error| error.to_string()))
        };
        let first = read(1);
        assert!([2, 3, 19, 4096].into_iter().all(|capacity| read(capacity) == first));
        first
    }

    #[test]
    fn streams_follow_each_other_and_zeros_the_last() {
        let two = [packed("one, "), packed(""), packed("two")].concat();
        let all = ("one, two".to_owned(), None);
        assert_eq!(unpack(&two), all);
        for zeros in [1, 2, 511, 10_000] {
            assert_eq!(unpack(&[two.clone(), vec![0; zeros]].concat()), all);
        }
    }

    #[test]
    fn anything_else_that_follows_is_named() {
        let refused = ("text".to_owned(), Some(Trailing.to_string()));
        for tail in
            [&b"x"[..], b"more text", b"\0x", b"\0\x1f\x8b\x08", b"\x1f", b"\x1fx and more of it"]
        {
            assert_eq!(unpack(&[packed("text"), tail.to_vec()].concat()), refused, "{tail:?}");
        }
        // Two streams with zeros between them: gzip takes the second for garbage, too.
        assert_eq!(unpack(&[packed("text"), vec![0], packed("more")].concat()), refused);
    }
}
