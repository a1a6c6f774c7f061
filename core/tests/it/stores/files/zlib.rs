//! A little text that inflates to a lot.

/// Zeros, compressed a hundred and sixty times.
pub fn bomb(compressed: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, with the fixed codes.
    bits.put(0b1, 1);
    bits.put(0b01, 2);
    // A zero (its code is 0x30), and then again and again 258 times what was one byte ago.
    bits.put_code(0x30, 8);
    let mut length = 1_u32;
    while bits.bytes.len() < compressed {
        bits.put_code(0b1100_0101, 8);
        bits.put_code(0, 5);
        length += 258;
    }
    bits.put_code(0, 7);
    // The checksum of so many zeros.
    let adler = ((length % 65521) << 16) | 1;
    [vec![0x78, 0x9c], bits.end(), adler.to_be_bytes().to_vec()].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    last: u8,
    used: u32,
}

impl Bits {
    /// A number, its lowest bit first.
    fn put(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            self.last |= u8::from((value >> bit) & 1 == 1) << self.used;
            self.used += 1;
            if self.used == 8 {
                self.bytes.push(self.last);
                (self.last, self.used) = (0, 0);
            }
        }
    }

    /// A code word, its highest bit first.
    fn put_code(&mut self, code: u32, count: u32) {
        for bit in (0..count).rev() {
            self.put((code >> bit) & 1, 1);
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.put(0, (8 - self.used) % 8);
        self.bytes
    }
}
