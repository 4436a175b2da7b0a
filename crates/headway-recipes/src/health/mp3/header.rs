//! The header of a frame of MP3: layer III of ISO/IEC 11172-3 (2.4.1.3, 2.4.2.3) and, with lower sampling rates, of ISO/IEC 13818-3
//! (2.4.2.3). MPEG 2.5, an extension of Fraunhofer's, halves the rates once more.

/// Bit rates in kbit/s of MPEG 1, by their code; 0 stands for a free format.
const RATES_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/// The same of MPEG 2 and 2.5.
const RATES_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Sampling rates of MPEG 1, by their code.
const SAMPLES: [u32; 3] = [44_100, 48_000, 32_000];

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mp3Header {
    /// 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5.
    version: u8,
    sample_rate: u32,
    bit_rate: u32,
    is_padded: bool,
    /// Whether the frame has a checksum.
    pub(super) is_protected: bool,
    is_mono: bool,
}

impl Mp3Header {
    /// Its length in bytes.
    pub(super) const LENGTH: usize = 4;

    /// The header that begins here, if one does.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let [0xff, second, third, fourth, ..] = bytes else { return None };
        let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
        if second & 0xe0 != 0xe0 || version == 1 || layer != 1 {
            return None;
        }
        let rates = if version == 3 { RATES_1 } else { RATES_2 };
        let bit_rate = *rates.get(usize::from(third >> 4))?;
        let halved = match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
        let sample_rate = SAMPLES.get(usize::from(third >> 2 & 3))? >> halved;
        Some(Mp3Header {
            version,
            sample_rate,
            bit_rate,
            is_padded: third & 2 != 0,
            is_protected: second & 1 == 0,
            is_mono: fourth >> 6 == 3,
        })
    }

    /// Whether the bytes begin a frame of layer I or II.
    pub(super) fn is_of_other_layer(bytes: &[u8]) -> bool {
        matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0 && second >> 3 & 3 != 1 && second >> 1 & 2 != 0)
    }

    /// Whether only the distance to the next frame tells how long the frame is.
    pub(super) fn is_free(self) -> bool {
        self.bit_rate == 0
    }

    /// The length of the frame in bytes.
    pub(super) fn length(self) -> u64 {
        let each = if self.version == 3 { 144_000 } else { 72_000 };
        u64::from(each * self.bit_rate / self.sample_rate) + u64::from(self.is_padded)
    }

    /// The length in bytes of what follows the header, and its checksum if it has one, before the sound.
    pub(super) fn side_info(self) -> usize {
        match (self.version == 3, self.is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }

    /// Whether it can follow that frame in one file.
    pub(super) fn continues(self, first: Mp3Header) -> bool {
        (self.version, self.sample_rate) == (first.version, first.sample_rate) && !self.is_free()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_frame_follows_from_its_header() {
        let length = |bytes: [u8; 4]| Mp3Header::of(&bytes).map(|header| (header.length(), header.side_info()));
        assert_eq!(length([0xff, 0xfb, 0x90, 0x00]), Some((417, 32)), "128 kbit/s, 44.1 kHz");
        assert_eq!(length([0xff, 0xfb, 0x92, 0xc0]), Some((418, 17)), "padded, mono");
        assert_eq!(length([0xff, 0xf3, 0x84, 0xc0]), Some((192, 9)), "MPEG 2, 64 kbit/s, 24 kHz");
        assert_eq!(length([0xff, 0xe3, 0x18, 0x00]), Some((72, 17)), "MPEG 2.5, 8 kbit/s, 8 kHz");
        for other in [[0xff, 0xfd, 0x90, 0], [0xff, 0xeb, 0x90, 0], [0xff, 0xfb, 0xf0, 0], [0xff, 0xfb, 0x9c, 0]] {
            assert_eq!(length(other), None, "{other:x?}");
        }
        assert!(Mp3Header::is_of_other_layer(&[0xff, 0xfd, 0x90, 0]) && !Mp3Header::is_of_other_layer(&[0xff, 0xfb]));
    }
}
