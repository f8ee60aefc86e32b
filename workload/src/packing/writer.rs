use core::fmt::{Result, Write};

use super::{PackingFormat, PackingInstance};

impl PackingInstance {
    /// Writes the instance; lines end in LF. Reading the text gives the instance back, but BPPLIB
    /// has no kinds: items come one by one.
    ///
    /// # Errors
    ///
    /// What `out` reports; and an error, before anything is written, if the format is BPPLIB and
    /// there is more than one dimension.
    ///
    /// *Complexity*: O(bytes written).
    ///
    /// ```
    /// use apportion_workload::{PackingFormat, PackingInstance};
    ///
    /// let mut instance = PackingInstance::new(vec![100])?;
    /// instance.push(&[30], 2)?;
    /// let mut text = String::new();
    /// instance.write(PackingFormat::Bpplib, &mut text).unwrap();
    /// assert_eq!(text, "2\n100\n30\n30\n");
    /// # Ok::<(), apportion_workload::PackingErrorKind>(())
    /// ```
    pub fn write(&self, format: PackingFormat, out: &mut impl Write) -> Result {
        match format {
            PackingFormat::Bpplib => self.write_sizes(out),
            PackingFormat::Vbp => self.write_vectors(out),
        }
    }

    fn write_sizes(&self, out: &mut impl Write) -> Result {
        let [capacity] = self.capacity() else { return Err(core::fmt::Error) };
        writeln!(out, "{}\n{capacity}", self.count())?;
        self.items().flatten().try_for_each(|size| writeln!(out, "{size}"))
    }

    fn write_vectors(&self, out: &mut impl Write) -> Result {
        writeln!(out, "{}", self.dimensions())?;
        for (dimension, capacity) in self.capacity().iter().enumerate() {
            let separator = if dimension == 0 { "" } else { " " };
            write!(out, "{separator}{capacity}")?;
        }
        writeln!(out, "\n{}", self.kinds().len())?;
        for (sizes, demand) in self.kinds() {
            sizes.iter().try_for_each(|size| write!(out, "{size} "))?;
            writeln!(out, "{demand}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn instances() -> impl Strategy<Value = PackingInstance> {
        let number = || prop_oneof![0..20_u64, any::<u64>()];
        let shape = (1_usize..5, 0_usize..6);
        let parts = shape.prop_flat_map(move |(dimensions, kinds)| {
            let sizes = proptest::collection::vec(number(), dimensions);
            let kinds = proptest::collection::vec((sizes, 0..9_u64), kinds);
            (proptest::collection::vec(number(), dimensions), kinds)
        });
        parts.prop_map(|(capacity, kinds)| {
            let mut instance = PackingInstance::new(capacity).unwrap();
            for (sizes, demand) in kinds {
                instance.push(&sizes, demand).unwrap();
            }
            instance
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(instance in instances()) {
            let mut text = String::new();
            instance.write(PackingFormat::Vbp, &mut text).unwrap();
            prop_assert_eq!(&PackingInstance::parse_as(PackingFormat::Vbp, &text).unwrap(), &instance);
            text.clear();
            let written = instance.write(PackingFormat::Bpplib, &mut text);
            prop_assert_eq!(written.is_ok(), instance.dimensions() == 1);
            if written.is_ok() {
                let again = PackingInstance::parse(&text).unwrap();
                prop_assert_eq!(again.capacity(), instance.capacity());
                let items = |instance: &PackingInstance| {
                    instance.items().map(<[u64]>::to_vec).collect::<Vec<_>>()
                };
                prop_assert_eq!(items(&again), items(&instance));
            } else {
                prop_assert!(text.is_empty());
            }
        }
    }
}
