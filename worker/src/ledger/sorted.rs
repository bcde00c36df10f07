//! Values by rising keys. There are few, mostly added at the end: a list serves them, and takes a fifth of the place
//! that a tree takes in the upload.

/// Values by rising keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sorted<K, V>(Vec<(K, V)>);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Copy, V> Sorted<K, V> {
    fn find(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(&key))
    }

    pub(super) fn get(&self, key: K) -> Option<&V> {
        let index = self.find(key).ok()?;
        self.0.get(index).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let index = self.find(key).ok()?;
        self.0.get_mut(index).map(|(_, value)| value)
    }

    /// Puts a value in the place of the one that is there.
    pub(super) fn put(&mut self, key: K, value: V) {
        match self.find(key) {
            Ok(index) => self.0[index].1 = value,
            Err(index) => self.0.insert(index, (key, value)),
        }
    }

    /// The value that is there, or a new one.
    pub(super) fn place(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let index = self.find(key).unwrap_or_else(|index| {
            self.0.insert(index, (key, V::default()));
            index
        });
        &mut self.0[index].1
    }

    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        let index = self.find(key).ok()?;
        Some(self.0.remove(index).1)
    }

    pub(super) fn remove_first(&mut self) -> Option<K> {
        (!self.0.is_empty()).then(|| self.0.remove(0).0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in vec((0u8..5, 0u32..9, any::<u8>()), 0..60)) {
            let (mut sorted, mut map) = (Sorted::default(), BTreeMap::new());
            for (what, key, value) in steps {
                match what {
                    0 | 1 => {
                        sorted.put(key, value);
                        map.insert(key, value);
                    }
                    2 => prop_assert_eq!(*sorted.place(key), *map.entry(key).or_default()),
                    3 => prop_assert_eq!(sorted.remove(key), map.remove(&key)),
                    _ => prop_assert_eq!(sorted.remove_first(), map.pop_first().map(|(key, _)| key)),
                }
                prop_assert_eq!((sorted.get(key), sorted.len()), (map.get(&key), map.len()));
                prop_assert_eq!(sorted.get_mut(key).copied(), map.get(&key).copied());
                prop_assert!(sorted.iter().map(|(key, value)| (key, value)).eq(map.iter()));
                prop_assert!(sorted.values().eq(map.values()));
            }
        }
    }
}
