//! Which content part a file is sent as, in what format and up to what size.
//!
//! Source: OpenRouter's `OpenAPI` document, content parts (2026-08): images, videos and files go as URLs (`https:` or
//! `data:`), audio as base64 with the name of its format.
//!
//! | what | part | most bytes by default |
//! |---|---|---|
//! | PNG, JPEG, `WebP`, GIF | `image_url` | 5,000,000: Anthropic takes no more for an image |
//! | PDF | `file` | 7,500,000: 10 MB as base64, below the 10 MiB that this project's proxy lets pass |
//! | WAV, MP3, AIFF, AAC, OGG, FLAC, M4A, raw PCM | `input_audio` | the same |
//! | MP4, MPEG, `QuickTime`, `WebM` | `video_url` | the same |
//! | all else that is UTF-8: JSON, CSV, source code … | `text` | 1,000,000: some 250,000 tokens |
//!
//! What is text goes as text, not as a file: every model reads it, no provider has to parse it, and it can be cached.
//! It begins with the file's name, if there is one. The media type decides, if it is `text/…` or one of the above; else
//! what the name ends with: systems call a `.ts` a video, and a `.csv` an Excel file. Other images (SVG, HEIC) and
//! other audio are refused, and all else that turns out not to be text.

use alloc::string::String;

use crate::{
    error::{Error, ErrorKind},
    json::concat,
};

/// A line each: `image`, `file`, `video`, or the format of audio; then media types, the first of which is the one that
/// is sent, and what names end with.
const TABLE: &str = "\
image image/png png
image image/jpeg image/jpg jpg jpeg
image image/webp webp
image image/gif gif
file application/pdf pdf
wav audio/wav audio/x-wav audio/wave audio/vnd.wave wav
mp3 audio/mpeg audio/mp3 mp3
aiff audio/aiff audio/x-aiff aiff aif
aac audio/aac audio/x-aac aac
ogg audio/ogg application/ogg ogg opus
flac audio/flac audio/x-flac flac
m4a audio/mp4 audio/m4a audio/x-m4a m4a
pcm16 audio/pcm pcm pcm16
pcm24 audio/pcm24 pcm24
video video/mp4 mp4
video video/mpeg mpeg mpg
video video/quicktime video/mov mov
video video/webm webm";

/// How to send a file or a blob (its `size` in bytes), or a `url`: `text`, or a word of the table's first ones, a space,
/// and the media type for a `data:` URL. `max_bytes` is the caller's limit in place of the default.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] where the API takes no such thing, or it is too large.
pub fn form_of(
    media_type: &str,
    name: &str,
    url: &str,
    size: Option<f64>,
    max_bytes: Option<f64>,
) -> Result<String, Error> {
    let (kind, media_type) = find(media_type, name);
    let is_address = matches!(kind, "image" | "video" | "file");
    let most = max_bytes.unwrap_or(match kind {
        "image" => 5_000_000.0,
        "text" => 1_000_000.0,
        _ => 7_500_000.0,
    });
    let problem = match size {
        None if !url.starts_with("https://") => "expected a File, a Blob, an https: URL, or a data: URL in base64",
        None if !is_address => {
            "the API takes URLs of images, videos and PDFs only: give its type, such as { type: \"image/png\" }, if it is \
             one; else fetch it, and give the Blob"
        }
        _ if kind.is_empty() => {
            "the API takes no such image or audio: convert it to PNG, JPEG, WebP or GIF, or to MP3 or WAV"
        }
        Some(0.0) => "it is empty",
        Some(size) if size > most => {
            "it is larger than maxBytes (by default 5 MB for images, 1 MB for text, 7.5 MB for others)"
        }
        _ => return Ok(concat(&[kind, " ", media_type])),
    };
    Err(Error::invalid(ErrorKind::InvalidRequest, "source", problem))
}

/// Kind and media type, by the media type or else by the name; no kind for images and audio that the API does not take.
fn find(media_type: &str, name: &str) -> (&'static str, &'static str) {
    let media_type = media_type.split(';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let by = |wanted: &str| {
        TABLE.lines().find_map(|line| {
            let mut words = line.split(' ');
            let (kind, first) = (words.next()?, words.next()?);
            (first == wanted || words.any(|word| word == wanted)).then_some((kind, first))
        })
    };
    let extension = name.rsplit('.').next().filter(|_| !media_type.starts_with("text/"));
    by(&media_type).or_else(|| by(&extension?.to_ascii_lowercase())).unwrap_or_else(|| {
        let is_refused = media_type.starts_with("image/") || media_type.starts_with("audio/");
        (if is_refused { "" } else { "text" }, "")
    })
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    fn form(media_type: &str, name: &str) -> String {
        form_of(media_type, name, "", Some(1.0), None).unwrap()
    }

    fn refused(result: Result<String, Error>) -> String {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("source")));
        error.message().to_owned()
    }

    #[test]
    fn each_medium_has_its_form() {
        for (media_type, expected) in [
            ("image/jpg", "image image/jpeg"),
            ("application/pdf", "file application/pdf"),
            ("audio/mpeg", "mp3 audio/mpeg"),
            ("video/quicktime", "video video/quicktime"),
            ("text/csv", "text "),
        ] {
            assert_eq!(form(media_type, ""), expected);
        }
    }

    #[test]
    fn the_media_type_decides_if_it_is_known_and_else_the_name() {
        for (media_type, name, expected) in [
            ("audio/wav; codecs=1", "", "wav"),
            ("AUDIO/X-M4A", "", "m4a"),
            ("Text/x-log", "", "text"),
            ("audio/mp4", "a.mp4", "m4a"),
            ("", "a.b.FLAC", "flac"),
            ("application/octet-stream", "a.pcm24", "pcm24"),
            ("video/mp2t", "main.ts", "text"),
            ("application/vnd.ms-excel", "a.csv", "text"),
            ("application/json", "", "text"),
            ("text/html", "a.png", "text"),
            ("", "Makefile", "text"),
            ("", "", "text"),
            ("image/svg+xml", "a.svg", ""),
            ("image/heic", "", ""),
            ("audio/webm", "", ""),
            ("", "a.webm", "video"),
        ] {
            assert_eq!(find(media_type, name).0, expected, "{media_type} {name}");
        }
    }

    #[test]
    fn what_the_api_does_not_take_is_refused_with_what_to_do() {
        assert!(refused(form_of("image/svg+xml", "a.svg", "", Some(1.0), None)).contains("convert it"));
        assert!(refused(form_of("image/png", "", "", Some(0.0), None)).contains("empty"));
        for url in ["", "http://a.example/b.png", "blob:x", "data:image/png,x"] {
            assert!(refused(form_of("image/png", "", url, None, None)).contains("expected a File"), "{url}");
        }
        assert!(refused(form_of("", "b", "https://a.example/b", None, None)).contains("give its type"));
    }

    #[test]
    fn sizes_have_limits_that_the_caller_may_change() {
        for (media_type, most) in [
            ("image/png", 5e6),
            ("text/plain", 1e6),
            ("application/pdf", 7.5e6),
            ("audio/wav", 7.5e6),
            ("video/mp4", 7.5e6),
        ] {
            let form = |size: f64, max_bytes| form_of(media_type, "", "", Some(size), max_bytes);
            assert!(form(most, None).is_ok() && form(most + 1.0, Some(9e7)).is_ok());
            assert!(refused(form(most + 1.0, None)).contains("maxBytes"));
            assert!(refused(form(11.0, Some(10.0))).contains("maxBytes"));
        }
    }

    #[test]
    fn a_url_is_sent_as_such_where_the_api_takes_one() {
        for (media_type, name, kind) in [("", "b.png", "image"), ("", "b.pdf", "file"), ("video/mp4", "watch", "video")]
        {
            let form = form_of(media_type, name, "https://a.example/b", None, None).unwrap();
            assert_eq!(form.split(' ').next(), Some(kind));
        }
        for name in ["b.mp3", "b.txt"] {
            assert!(refused(form_of("", name, "https://a.example/b", None, None)).contains("give the Blob"));
        }
    }

    #[test]
    fn every_line_of_the_table_has_a_media_type_and_no_word_is_in_two() {
        let words: Vec<&str> = TABLE.lines().flat_map(|line| line.split(' ').skip(1)).collect();
        for (at, word) in words.iter().enumerate() {
            assert!(!word.is_empty() && !words[..at].contains(word), "{word}");
        }
        for line in TABLE.lines() {
            assert!(line.split(' ').nth(1).is_some_and(|word| word.contains('/')), "{line}");
        }
    }
}
