//! Decodes one channel of a frame (RFC 9639, sections 9.2 and 11). Sums wrap around, as those of a damaged frame can be too large; its
//! checksum then tells.

use std::io::Read;

use super::bits::FlacBits;
use super::header::FlacFault;

const RESERVED: FlacFault = FlacFault::Damaged("a frame is stored in a way that the format does not have");
const TOO_LONG: FlacFault = FlacFault::Damaged("a frame is shorter than what predicts it");

/// The factors of the fixed predictors, the one of the last sample first.
const FIXED: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];

/// Decodes the samples of a channel, which have this many bits.
pub(super) fn decode<R: Read>(bits: &mut FlacBits<R>, depth: u32, samples: &mut [i64]) -> Result<(), FlacFault> {
    if bits.flag()? {
        return Err(RESERVED);
    }
    let kind = bits.number(6)?;
    let wasted = if bits.flag()? { bits.zeros()? + 1 } else { 0 };
    let wasted = u32::try_from(wasted).ok().filter(|wasted| *wasted < depth).ok_or(RESERVED)?;
    let depth = depth - wasted;
    match kind {
        0 => samples.fill(bits.signed(depth)?),
        1 => samples.iter_mut().try_for_each(|sample| bits.signed(depth).map(|value| *sample = value))?,
        8..=12 => predicted(bits, depth, samples, FIXED[kind as usize - 8])?,
        32..=63 => linear(bits, depth, samples, kind as usize - 31)?,
        _ => return Err(RESERVED),
    }
    if wasted > 0 {
        samples.iter_mut().for_each(|sample| *sample <<= wasted);
    }
    Ok(())
}

/// Decodes samples that a fixed predictor predicts.
fn predicted<R: Read>(
    bits: &mut FlacBits<R>,
    depth: u32,
    samples: &mut [i64],
    factors: &[i64],
) -> Result<(), FlacFault> {
    warm_up(bits, depth, samples, factors.len())?;
    residual(bits, samples, factors.len())?;
    predict(samples, factors, 0);
    Ok(())
}

/// Decodes samples that a predictor of this order predicts, whose factors are stored with them.
fn linear<R: Read>(bits: &mut FlacBits<R>, depth: u32, samples: &mut [i64], order: usize) -> Result<(), FlacFault> {
    warm_up(bits, depth, samples, order)?;
    let precision = bits.number(4)? as u32 + 1;
    let shift = u32::try_from(bits.signed(5)?).ok().filter(|_| precision < 16).ok_or(RESERVED)?;
    let mut factors = [0; 32];
    for factor in &mut factors[..order] {
        *factor = bits.signed(precision)?;
    }
    residual(bits, samples, order)?;
    predict(samples, &factors[..order], shift);
    Ok(())
}

/// Reads the first samples, which are not predicted.
fn warm_up<R: Read>(bits: &mut FlacBits<R>, depth: u32, samples: &mut [i64], order: usize) -> Result<(), FlacFault> {
    for sample in samples.get_mut(..order).ok_or(TOO_LONG)? {
        *sample = bits.signed(depth)?;
    }
    Ok(())
}

/// Adds to each sample what the samples before it predict.
fn predict(samples: &mut [i64], factors: &[i64], shift: u32) {
    for at in factors.len()..samples.len() {
        let (before, rest) = samples.split_at_mut(at);
        let terms = before.iter().rev().zip(factors).map(|(sample, factor)| sample.wrapping_mul(*factor));
        rest[0] = rest[0].wrapping_add(terms.fold(0, i64::wrapping_add) >> shift);
    }
}

/// Reads what was not predicted, in partitions of equal size, into all samples after the first `order`.
fn residual<R: Read>(bits: &mut FlacBits<R>, samples: &mut [i64], order: usize) -> Result<(), FlacFault> {
    let (width, escape) = match bits.number(2)? {
        0 => (4, 15),
        1 => (5, 31),
        _ => return Err(RESERVED),
    };
    let partitions: usize = 1 << bits.number(4)?;
    let size = samples.len() / partitions;
    if size * partitions != samples.len() || size < order {
        return Err(TOO_LONG);
    }
    let mut begin = order;
    for partition in 1..=partitions {
        let end = partition * size;
        let part = &mut samples[begin..end];
        begin = end;
        let parameter = bits.number(width)?;
        if parameter == escape {
            let depth = bits.number(5)? as u32;
            part.iter_mut().try_for_each(|sample| bits.signed(depth).map(|value| *sample = value))?;
            continue;
        }
        for sample in part {
            let high = bits.zeros()?;
            if high > u64::from(u32::MAX) >> parameter {
                return Err(RESERVED);
            }
            let folded = (high << parameter) | bits.number(parameter as u32)?;
            *sample = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        }
    }
    Ok(())
}
