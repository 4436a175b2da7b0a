//! Fits pixels to a size and a format. Information is lost only if the settings allow it, and then the result says
//! so.

use fast_image_resize::Resizer;
use image::{DynamicImage, GrayAlphaImage, ImageBuffer, Pixel, Primitive, RgbaImage};

use super::{Depth, Transparency};
use headway_model::text::counted;

/// The size of a picture whose longest side is to have this length; 0 keeps the size.
pub(super) fn size(of: (u32, u32), longest: u32, enlarge: bool) -> (u32, u32) {
    let long = of.0.max(of.1);
    if longest == 0 || long == 0 || long == longest || (long < longest && !enlarge) {
        return of;
    }
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(longest) * 2 + u64::from(long)) / (u64::from(long) * 2);
        side.clamp(1, u64::from(longest)) as u32
    };
    (scaled(of.0), scaled(of.1))
}

/// What a plan says about the size of each picture; `None` if it stays.
pub(super) fn words(longest: u32, enlarge: bool) -> Option<String> {
    let longest = (longest > 0).then(|| counted(longest.into(), ',', "pixel", "pixels"))?;
    Some(match enlarge {
        true => format!("its longest side becomes {longest}"),
        false => format!("its longest side becomes {longest}, unless it is shorter"),
    })
}

/// The memory that a picture of this size takes, in bytes.
pub(super) fn bytes(size: (u32, u32), like: &DynamicImage) -> u64 {
    let pixels = u64::from(size.0) * u64::from(size.1);
    pixels.saturating_mul(u64::from(like.color().bytes_per_pixel()))
}

/// Resizes with a Lanczos filter, weighting colours by their opacity.
pub(super) fn resized(pixels: DynamicImage, size: (u32, u32)) -> Result<DynamicImage, String> {
    if (pixels.width(), pixels.height()) == size {
        return Ok(pixels);
    }
    let mut smaller = DynamicImage::new(size.0, size.1, pixels.color());
    let resized = Resizer::new().resize(&pixels, &mut smaller, None);
    resized.map(|()| smaller).map_err(|error| format!("it cannot be resized: {error}"))
}

/// Removes the alpha channel. If every pixel is opaque, nothing is lost.
pub(super) fn without_alpha(
    pixels: DynamicImage,
    transparency: Transparency,
    notes: &mut Vec<&'static str>,
) -> Result<DynamicImage, String> {
    if !pixels.color().has_alpha() {
        return Ok(pixels);
    }
    let is_opaque = match &pixels {
        DynamicImage::ImageLumaA8(buffer) => is_opaque(buffer),
        DynamicImage::ImageRgba8(buffer) => is_opaque(buffer),
        DynamicImage::ImageLumaA16(buffer) => is_opaque(buffer),
        DynamicImage::ImageRgba16(buffer) => is_opaque(buffer),
        _ => false,
    };
    match transparency {
        _ if is_opaque => {}
        Transparency::Refuse => return Err("a part of it is transparent, and JPEG has no transparency".into()),
        Transparency::White => notes.push("transparent parts became white"),
        Transparency::Black => notes.push("transparent parts became black"),
    }
    let white = transparency == Transparency::White;
    Ok(match pixels {
        DynamicImage::ImageLumaA8(buffer) => DynamicImage::ImageLuma8(flat(&buffer, white)),
        DynamicImage::ImageRgba8(buffer) => DynamicImage::ImageRgb8(flat(&buffer, white)),
        DynamicImage::ImageLumaA16(buffer) => DynamicImage::ImageLuma16(flat(&buffer, white)),
        DynamicImage::ImageRgba16(buffer) => DynamicImage::ImageRgb16(flat(&buffer, white)),
        other => other,
    })
}

type Buffer<P> = ImageBuffer<P, Vec<<P as Pixel>::Subpixel>>;

fn is_opaque<P: Pixel>(buffer: &Buffer<P>) -> bool {
    let channels = usize::from(P::CHANNEL_COUNT);
    buffer.as_raw().chunks_exact(channels).all(|pixel| pixel.last() == Some(&P::Subpixel::DEFAULT_MAX_VALUE))
}

/// Puts the picture on white or on black.
fn flat<P, Q>(buffer: &Buffer<P>, white: bool) -> Buffer<Q>
where
    P: Pixel,
    Q: Pixel<Subpixel = P::Subpixel>,
    P::Subpixel: Into<u64> + TryFrom<u64>,
{
    let most: u64 = P::Subpixel::DEFAULT_MAX_VALUE.into();
    let ground = if white { most } else { 0 };
    let mut flat = Buffer::<Q>::new(buffer.width(), buffer.height());
    let colours = usize::from(Q::CHANNEL_COUNT);
    let pixels = buffer.as_raw().chunks_exact(colours + 1);
    for (to, from) in flat.chunks_exact_mut(colours).zip(pixels) {
        let alpha: u64 = from[colours].into();
        for (to, from) in to.iter_mut().zip(from) {
            let colour: u64 = (*from).into();
            let mixed = (colour * alpha + ground * (most - alpha) + most / 2) / most;
            *to = P::Subpixel::try_from(mixed).unwrap_or(P::Subpixel::DEFAULT_MAX_VALUE);
        }
    }
    flat
}

/// Reduces to 8 bits. If both bytes of every value are equal, nothing is lost.
pub(super) fn shallow(
    pixels: DynamicImage,
    depth: Depth,
    notes: &mut Vec<&'static str>,
) -> Result<DynamicImage, String> {
    let is_exact = |values: &[u16]| values.iter().all(|value| value % 257 == 0);
    let is_exact = match &pixels {
        DynamicImage::ImageLuma16(buffer) => is_exact(buffer.as_raw()),
        DynamicImage::ImageLumaA16(buffer) => is_exact(buffer.as_raw()),
        DynamicImage::ImageRgb16(buffer) => is_exact(buffer.as_raw()),
        DynamicImage::ImageRgba16(buffer) => is_exact(buffer.as_raw()),
        _ => return Ok(pixels),
    };
    match depth {
        _ if is_exact => {}
        Depth::Refuse => return Err("its pixels have 16 bits, and the format holds 8".into()),
        Depth::Reduce => notes.push("its 16 bits became 8"),
    }
    Ok(match pixels {
        DynamicImage::ImageLuma16(buffer) => DynamicImage::ImageLuma8(eight(&buffer)),
        DynamicImage::ImageLumaA16(buffer) => DynamicImage::ImageLumaA8(eight(&buffer)),
        DynamicImage::ImageRgb16(buffer) => DynamicImage::ImageRgb8(eight(&buffer)),
        DynamicImage::ImageRgba16(buffer) => DynamicImage::ImageRgba8(eight(&buffer)),
        other => other,
    })
}

fn eight<P: Pixel<Subpixel = u16>, Q: Pixel<Subpixel = u8>>(buffer: &Buffer<P>) -> Buffer<Q> {
    let mut eight = Buffer::<Q>::new(buffer.width(), buffer.height());
    for (to, from) in eight.iter_mut().zip(buffer.as_raw()) {
        *to = ((u32::from(*from) + 128) / 257) as u8;
    }
    eight
}

/// Whether two pictures have the same pixels. Some formats store grey as colours.
pub(super) fn are_equal(one: &DynamicImage, other: &DynamicImage) -> bool {
    if one.color() == other.color() {
        return one.as_bytes() == other.as_bytes();
    }
    let colours = |picture: &DynamicImage| match picture {
        DynamicImage::ImageLuma8(buffer) => Some(spread(buffer.as_raw(), false)),
        DynamicImage::ImageLumaA8(GrayAlphaImage { .. }) => {
            picture.as_luma_alpha8().map(|buffer| spread(buffer.as_raw(), true))
        }
        DynamicImage::ImageRgb8(buffer) => Some(opaque(buffer.as_raw())),
        DynamicImage::ImageRgba8(RgbaImage { .. }) => Some(picture.as_bytes().to_vec()),
        _ => None,
    };
    colours(one).is_some_and(|one| colours(other).is_some_and(|other| one == other))
}

/// Converts grey to red, green, blue and alpha.
fn spread(values: &[u8], has_alpha: bool) -> Vec<u8> {
    let pixels = values.chunks_exact(if has_alpha { 2 } else { 1 });
    pixels.flat_map(|pixel| [pixel[0], pixel[0], pixel[0], if has_alpha { pixel[1] } else { 255 }]).collect()
}

fn opaque(values: &[u8]) -> Vec<u8> {
    values.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_side_is_what_was_asked_for() {
        assert_eq!(size((4000, 3000), 1600, false), (1600, 1200));
        assert_eq!(size((3000, 4000), 1600, false), (1200, 1600));
        assert_eq!(size((800, 600), 1600, false), (800, 600));
        assert_eq!(size((800, 600), 1600, true), (1600, 1200));
        assert_eq!(size((800, 600), 0, true), (800, 600));
        assert_eq!(size((10_000, 1), 100, false), (100, 1));
        assert_eq!(words(0, true), None);
        assert_eq!(words(1_600, true).as_deref(), Some("its longest side becomes 1,600 pixels"));
        assert_eq!(words(1, false).as_deref(), Some("its longest side becomes 1 pixel, unless it is shorter"));
        assert_eq!(size((u32::MAX, u32::MAX - 1), 65_535, false), (65_535, 65_535));
    }

    #[test]
    fn transparency_and_bits_are_lost_only_if_asked_for() {
        let half = DynamicImage::ImageRgba8(ImageBuffer::from_raw(1, 1, vec![100, 0, 255, 128]).expect("a pixel"));
        let mut notes = Vec::new();
        assert!(
            without_alpha(half.clone(), Transparency::Refuse, &mut notes)
                .is_err_and(|text| text.contains("transparent"))
        );
        let white = without_alpha(half, Transparency::White, &mut notes).expect("a pixel");
        assert_eq!(white.as_bytes(), [177, 127, 255]);
        assert_eq!(notes, ["transparent parts became white"]);
        let solid = DynamicImage::ImageLumaA16(ImageBuffer::from_raw(1, 1, vec![257 * 7, 65_535]).expect("a pixel"));
        let grey = without_alpha(solid, Transparency::Refuse, &mut notes).expect("a pixel");
        assert_eq!(shallow(grey, Depth::Refuse, &mut notes).expect("a pixel").as_bytes(), [7]);
        assert_eq!(notes.len(), 1);
        let deep = || DynamicImage::ImageLuma16(ImageBuffer::from_raw(1, 1, vec![257 * 7 + 1]).expect("a pixel"));
        assert!(shallow(deep(), Depth::Refuse, &mut notes).is_err_and(|text| text.contains("16 bits")));
        assert_eq!(shallow(deep(), Depth::Reduce, &mut notes).expect("a pixel").as_bytes(), [7]);
        assert_eq!(notes.len(), 2);
    }
}
