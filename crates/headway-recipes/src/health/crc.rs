//! The checksums of sound: those in frames of FLAC (RFC 9639, section 9.1.8 and 9.3) and of MPEG (ISO/IEC 11172-3, 2.4.3.1), and the one
//! in the tag of LAME.

/// The polynomial of the checksum in a frame's header.
const EIGHT: u8 = 0x07;

/// The polynomial of the checksum of a frame.
const SIXTEEN: u16 = 0x8005;

const TABLE_8: [u8; 256] = table_8();
const TABLE_16: [u16; 256] = table_16();
const TABLE_REFLECTED: [u16; 256] = table_reflected();

/// Takes a byte into the checksum of a frame's header.
pub(super) fn crc_8(crc: u8, byte: u8) -> u8 {
    TABLE_8[usize::from(crc ^ byte)]
}

/// Takes a byte into the checksum of a frame.
pub(super) fn crc_16(crc: u16, byte: u8) -> u16 {
    (crc << 8) ^ TABLE_16[usize::from((crc >> 8) as u8 ^ byte)]
}

/// Takes a byte into the checksum of LAME, which has the same polynomial and takes the lowest bit first.
pub(super) fn crc_16_reflected(crc: u16, byte: u8) -> u16 {
    (crc >> 8) ^ TABLE_REFLECTED[usize::from(crc as u8 ^ byte)]
}

const fn table_8() -> [u8; 256] {
    let (mut table, mut at) = ([0; 256], 0);
    while at < 256 {
        let (mut crc, mut bit) = (at as u8, 0);
        while bit < 8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ EIGHT };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

const fn table_16() -> [u16; 256] {
    let (mut table, mut at) = ([0; 256], 0);
    while at < 256 {
        let (mut crc, mut bit) = ((at as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ SIXTEEN };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

const fn table_reflected() -> [u16; 256] {
    let (mut table, mut at) = ([0; 256], 0);
    while at < 256 {
        let (mut crc, mut bit) = (at as u16, 0);
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ SIXTEEN.reverse_bits() };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogue of parametrised CRC algorithms: SMBUS, UMTS (BUYPASS) and ARC.
    #[test]
    fn they_are_the_known_ones() {
        let bytes = b"123456789";
        assert_eq!(bytes.iter().fold(0, |crc, byte| crc_8(crc, *byte)), 0xf4);
        assert_eq!(bytes.iter().fold(0, |crc, byte| crc_16(crc, *byte)), 0xfee8);
        assert_eq!(bytes.iter().fold(0xffff, |crc, byte| crc_16(crc, *byte)), 0xaee7);
        assert_eq!(bytes.iter().fold(0, |crc, byte| crc_16_reflected(crc, *byte)), 0xbb3d);
    }
}
