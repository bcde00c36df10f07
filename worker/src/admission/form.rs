//! Forms: which fields they have, read strictly, for what is checked here must be what the upstream reads.

use std::borrow::Cow;

use openrouter_wasm::json::concat;

use super::invalid;
use crate::{
    policy::Refusal,
    text::{find, split},
};

/// A field of a form: its name, and its bytes.
pub(super) type Field<'a> = (&'a str, &'a [u8]);

/// Reads a form of `multipart/form-data`. Anything that two readers may take differently is refused.
///
/// # Errors
/// What is wrong with the form.
pub(super) fn read<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Field<'a>>, Refusal> {
    let broken = || invalid(&["The form cannot be read."]);
    let boundary = boundary_of(content_type).ok_or_else(broken)?;
    let delimiter = concat(&["\r\n--", &*boundary]).into_bytes();
    let mut rest = body.strip_prefix(&delimiter[2..]).ok_or_else(broken)?;
    let mut fields = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return if end.is_empty() || end == b"\r\n" { Ok(fields) } else { Err(broken()) };
        }
        let part = rest.strip_prefix(b"\r\n").ok_or_else(broken)?;
        let head_end = find(part, b"\r\n\r\n").ok_or_else(broken)?;
        let name = std::str::from_utf8(&part[..head_end]).ok().and_then(name_of).ok_or_else(broken)?;
        let content = &part[head_end + 4..];
        let end = find(content, &delimiter).ok_or_else(broken)?;
        if fields.iter().any(|(known, _)| *known == name && !name.ends_with("[]")) {
            return Err(invalid(&["The form has a field twice."]));
        }
        fields.push((name, &content[..end]));
        rest = &content[end + delimiter.len()..];
    }
}

/// The boundary, if it is written as clients write it.
fn boundary_of(content_type: &str) -> Option<Cow<'_, str>> {
    let (media_type, parameters) = content_type.split_once(';')?;
    let boundary = parameters.trim().strip_prefix("boundary=")?;
    let boundary = boundary.strip_prefix('"').map_or(Some(boundary), |quoted| quoted.strip_suffix('"'))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_'()+.=".contains(&byte);
    let is_good = media_type.trim().eq_ignore_ascii_case("multipart/form-data")
        && (1..=70).contains(&boundary.len())
        && boundary.bytes().all(is_plain);
    is_good.then_some(Cow::Borrowed(boundary))
}

/// The field's name in a part's head.
fn name_of(head: &str) -> Option<&str> {
    let mut name = None;
    let mut rest = Some(head);
    while let Some(head) = rest {
        let (line, following) = split(head, "\r\n").map_or((head, None), |(line, rest)| (line, Some(rest)));
        rest = following;
        let (header, value) = line.split_once(':')?;
        // A bare line break is a line's end to some, a folded line is none to others.
        if line.contains(['\r', '\n', '\\', '\0']) || line.starts_with([' ', '\t']) || header.ends_with([' ', '\t']) {
            return None;
        }
        if header.eq_ignore_ascii_case("content-disposition") {
            let rest = value.trim().strip_prefix("form-data; name=\"")?;
            let (found, rest) = rest.split_once('"')?;
            let file = rest.is_empty()
                || rest.strip_prefix("; filename=\"")?.strip_suffix('"').is_some_and(|file| !file.contains('"'));
            if name.replace(found).is_some() || !file {
                return None;
            }
        } else if !header.eq_ignore_ascii_case("content-type") {
            return None;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=----b";

    fn names(content_type: &str, body: &str) -> Option<Vec<String>> {
        Some(read(content_type, body.as_bytes()).ok()?.into_iter().map(|(name, _)| name.to_owned()).collect())
    }

    fn part(head: &str, content: &str) -> String {
        format!("------b\r\n{head}\r\n\r\n{content}\r\n")
    }

    #[test]
    fn a_form_is_read_as_clients_write_it() {
        let body = part("Content-Disposition: form-data; name=\"model\"", "a/b")
            + &part(
                "content-disposition: form-data; name=\"file\"; filename=\"a b.mp3\"\r\nContent-Type: audio/mpeg",
                "x\r\n--y\r\n\r\n",
            )
            + &part("Content-Disposition: form-data; name=\"t[]\"", "word")
            + &part("Content-Disposition: form-data; name=\"t[]\"", "")
            + "------b--\r\n";
        assert_eq!(names(TYPE, &body).unwrap(), ["model", "file", "t[]", "t[]"]);
        assert_eq!(read(TYPE, body.as_bytes()).unwrap()[1].1, b"x\r\n--y\r\n\r\n");
        assert!(names("multipart/form-data; boundary=\"----b\"", &body).is_some());
    }

    #[test]
    fn what_two_readers_may_take_differently_is_refused() {
        let good = part("Content-Disposition: form-data; name=\"model\"", "a/b");
        let end = "------b--";
        assert!(names(TYPE, &format!("{good}{end}")).is_some());
        for body in [
            format!("preamble\r\n{good}{end}"),
            format!("{good}{end}epilogue"),
            good.clone(),
            format!("{good}{good}{end}"),
            part("Content-Disposition: form-data; name=model", "a/b") + end,
            part("Content-Disposition: form-data; name=\"a\"; name=\"model\"", "a/b") + end,
            part("Content-Disposition: form-data; name=\"mo\\\"del\"", "a/b") + end,
            part("Content-Disposition: form-data; name*=utf-8''model", "a/b") + end,
            part("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"model\"", "a/b")
                + end,
            part("Content-Disposition: form-data;\r\n name=\"model\"", "a/b") + end,
            part("X: y\nContent-Disposition: form-data; name=\"model\"", "a/b") + end,
            part("Content-Disposition : form-data; name=\"model\"", "a/b") + end,
            part("Content-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=\"model\"", "a/b") + end,
            part("Content-Type: text/plain", "a/b") + end,
            good.replace("\r\n", "\n") + end,
            String::new(),
        ] {
            assert_eq!(names(TYPE, &body), None, "{body:?}");
        }
        for content_type in [
            "multipart/form-data",
            "multipart/form-data; charset=x; boundary=----b",
            "multipart/mixed; boundary=----b",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a b",
        ] {
            assert_eq!(names(content_type, &format!("{good}{end}")), None, "{content_type}");
        }
    }
}
