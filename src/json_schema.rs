//! Whether a value fits a JSON Schema: a part of the standard, and honest about which.
//!
//! Understood: `type` (also a list), `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
//! `prefixItems`, `minItems`, `maxItems`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `minLength`,
//! `maxLength`, `anyOf`, `oneOf`, `allOf`, schemas that are `true` or `false`, and `$ref` to a place in the same
//! document (`#/$defs/name`, through objects, without escapes). Every other keyword is passed over, such as `pattern`,
//! `format`, `not` or a `$ref` to somewhere else; beside `patternProperties`, `additionalProperties` is too. Numbers
//! are compared as floats, as JavaScript does; in `enum` and `const`, lists and objects as they are written.
//!
//! Source: JSON Schema 2020-12, Core and Validation.

use alloc::string::String;

use crate::{
    json::{Value, concat, decimal, unescape},
    schema::is_whole,
};

/// How many schemas may apply within each other: a `$ref` may go in circles.
const MAX_DEPTH: u32 = 400;

/// How many schemas may be applied in all: alternatives that are tried at each level of a deep value are too many.
const MAX_STEPS: u32 = 1_000_000;

/// What does not fit, in words without the value: `type at items[0].name`; `None` if all fits.
#[must_use]
pub fn misfit(value: &Value<'_>, schema: &Value<'_>) -> Option<String> {
    let mut check = Check { root: schema, path: String::new(), depth: 0, steps: 0 };
    let keyword = check.value(value, schema).err()?;
    let place = if check.path.is_empty() { "the top" } else { check.path.trim_start_matches('.') };
    Some(concat(&[keyword, " at ", place]))
}

struct Check<'a> {
    root: &'a Value<'a>,
    /// Where the value is; after a failure, where that was.
    path: String,
    depth: u32,
    steps: u32,
}

impl<'a> Check<'a> {
    /// The keyword that the value does not fit.
    fn value(&mut self, value: &Value<'_>, schema: &'a Value<'a>) -> Result<(), &'static str> {
        if matches!(schema, Value::Bool(false)) {
            return Err("not allowed");
        }
        if self.is_lost() {
            return Err("$ref");
        }
        self.depth += 1;
        self.steps += 1;
        if let Some(target) = self.target(schema.raw_of("$ref").unwrap_or_default()) {
            self.value(value, target)?;
        }
        if let Some(names) = schema.get("type")
            && !is_one_of(value, names, is_type)
        {
            return Err("type");
        }
        if schema.get("enum").is_some_and(|known| !is_one_of(value, known, is_same)) {
            return Err("enum");
        }
        if schema.get("const").is_some_and(|known| !is_same(value, known)) {
            return Err("const");
        }
        self.combinations(value, schema)?;
        bounds(value, schema)?;
        if value.is_object() {
            for name in schema.at("required").items() {
                if let Value::String(name) = name
                    && value.get(name).is_none()
                {
                    self.path.push_str(&concat(&[".", name]));
                    return Err("required");
                }
            }
        }
        let others = if schema.get("patternProperties").is_some() { None } else { schema.get("additionalProperties") };
        for (key, inner) in value.entries() {
            let key = unescape(key);
            if let Some(schema) = schema.at("properties").get(&key).or(others) {
                self.within([".", &key, ""], inner, schema)?;
            }
        }
        for (index, item) in value.items().iter().enumerate() {
            if let Some(schema) = schema.at("prefixItems").items().get(index).or(schema.get("items")) {
                self.within(["[", &decimal(index as u64), "]"], item, schema)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn is_lost(&self) -> bool {
        self.depth == MAX_DEPTH || self.steps == MAX_STEPS
    }

    fn within(&mut self, step: [&str; 3], value: &Value<'_>, schema: &'a Value<'a>) -> Result<(), &'static str> {
        let length = self.path.len();
        self.path.push_str(&concat(&step));
        self.value(value, schema)?;
        self.path.truncate(length);
        Ok(())
    }

    fn combinations(&mut self, value: &Value<'_>, schema: &'a Value<'a>) -> Result<(), &'static str> {
        let (length, depth) = (self.path.len(), self.depth);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let Some(Value::Array(schemas)) = schema.get(keyword) else { continue };
            let mut fitting = 0;
            for inner in schemas {
                fitting += usize::from(self.value(value, inner).is_ok());
                if self.is_lost() {
                    return Err("$ref");
                }
                self.path.truncate(length);
                self.depth = depth;
            }
            let wanted = if keyword == "allOf" { schemas.len() } else { 1 };
            if fitting < wanted || (fitting > 1 && keyword == "oneOf") {
                return Err(keyword);
            }
        }
        Ok(())
    }

    fn target(&self, reference: &str) -> Option<&'a Value<'a>> {
        let mut steps = reference.split('/');
        steps.next().filter(|document| *document == "#")?;
        steps.try_fold(self.root, |place, step| place.get(step))
    }
}

/// Whether something holds for an element of a list; what is no list is its own only element.
fn is_one_of(value: &Value<'_>, list: &Value<'_>, is: fn(&Value<'_>, &Value<'_>) -> bool) -> bool {
    if let Value::Array(items) = list { items.iter().any(|item| is(value, item)) } else { is(value, list) }
}

fn is_type(value: &Value<'_>, name: &Value<'_>) -> bool {
    let own = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let Value::String(name) = name else { return true };
    name == own || (name == "integer" && value.number().is_some_and(is_whole))
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn bounds(value: &Value<'_>, schema: &Value<'_>) -> Result<(), &'static str> {
    let (size, least, most) = match value {
        Value::Number(_) => (value.number().unwrap_or_default(), "minimum", "maximum"),
        Value::String(_) => (value.text().map_or(0, |text| characters(&text)) as f64, "minLength", "maxLength"),
        Value::Array(items) => (items.len() as f64, "minItems", "maxItems"),
        _ => return Ok(()),
    };
    // Where there is no bound nothing compares with it.
    let bound = |keyword| schema.number_of(keyword).unwrap_or(f64::NAN);
    let is_number = matches!(value, Value::Number(_));
    let problem = match () {
        () if size < bound(least) => least,
        () if size > bound(most) => most,
        () if is_number && size <= bound("exclusiveMinimum") => "exclusiveMinimum",
        () if is_number && size >= bound("exclusiveMaximum") => "exclusiveMaximum",
        () => return Ok(()),
    };
    Err(problem)
}

fn characters(text: &str) -> usize {
    text.as_bytes().iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count()
}

fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => one.number() == other.number(),
        (Value::String(_), Value::String(_)) => one.text() == other.text(),
        _ => one.to_json() == other.to_json(),
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::rust_2024::*;

    use super::*;

    fn of(schema: &str, value: &str) -> Option<String> {
        misfit(&Value::parse(value).unwrap(), &Value::parse(schema).unwrap())
    }

    fn fits(schema: &str, values: &[&str]) {
        for value in values {
            assert_eq!(of(schema, value), None, "{schema} takes {value}");
        }
    }

    fn refuses(schema: &str, problem: &str, values: &[&str]) {
        for value in values {
            assert_eq!(of(schema, value).as_deref(), Some(problem), "{schema} refuses {value}");
        }
    }

    #[test]
    fn a_type_is_one_or_several() {
        for (name, value) in [
            ("null", "null"),
            ("boolean", "true"),
            ("string", r#""""#),
            ("array", "[]"),
            ("object", "{}"),
            ("number", "1.5"),
        ] {
            let schema = [r#"{"type":""#, name, r#""}"#].concat();
            fits(&schema, &[value]);
            for other in ["null", "false", r#""x""#, "[1]", r#"{"a":1}"#, "2.5"] {
                let is_kin = core::mem::discriminant(&Value::parse(other).unwrap())
                    == core::mem::discriminant(&Value::parse(value).unwrap());
                assert_eq!(of(&schema, other).is_none(), is_kin, "{name} {other}");
            }
        }
        fits(r#"{"type":"integer"}"#, &["0", "-3", "1.0", "1e3", "100000000000000000000", "-1e300"]);
        refuses(r#"{"type":"integer"}"#, "type at the top", &["1.5", r#""1""#]);
        fits(r#"{"type":["string","null"]}"#, &["null", r#""a""#]);
        refuses(r#"{"type":["string","null"]}"#, "type at the top", &["1"]);
    }

    #[test]
    fn a_choice_is_compared_by_value_not_by_spelling() {
        fits(r#"{"enum":["é",1,[2],{"a":1,"b":2}]}"#, &[r#""\u00e9""#, "1.0", "[2]", r#"{"a":1, "b":2}"#]);
        refuses(
            r#"{"enum":["a",1,[2],{"a":1}]}"#,
            "enum at the top",
            &["null", r#""b""#, "[2,2]", r#"{"a":2}"#, r#"{"b":1}"#, "{}"],
        );
        fits(r#"{"const":null}"#, &["null"]);
        refuses(r#"{"const":false}"#, "const at the top", &["0", "true"]);
    }

    #[test]
    fn an_object_is_checked_by_its_properties() {
        let person = r#"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"],"additionalProperties":false}"#;
        fits(person, &[r#"{"name":"a"}"#, r#"{"n\u0061me":"a","age":1}"#]);
        refuses(person, "required at name", &["{}", r#"{"age":1}"#]);
        refuses(person, "type at age", &[r#"{"name":"a","age":"1"}"#, r#"{"name":"a","age":null}"#]);
        refuses(person, "not allowed at extra", &[r#"{"name":"a","extra":1}"#]);
        let map = r#"{"properties":{"a":true},"additionalProperties":{"type":"number"}}"#;
        fits(map, &[r#"{"a":"x","b":1}"#, "5"]);
        refuses(map, "type at b", &[r#"{"b":"x"}"#]);
        refuses(r#"{"properties":{"a":false}}"#, "not allowed at a", &[r#"{"a":1}"#]);
        fits(r#"{"patternProperties":{"^x":{}},"additionalProperties":false}"#, &[r#"{"xy":1}"#]);
    }

    #[test]
    fn a_list_is_checked_item_by_item() {
        let list = r#"{"items":{"properties":{"a":{"type":"string"}}},"minItems":1,"maxItems":2}"#;
        fits(list, &["[{}]", "[{},{}]"]);
        refuses(list, "type at [1].a", &[r#"[{},{"a":1}]"#]);
        refuses(list, "minItems at the top", &["[]"]);
        refuses(list, "maxItems at the top", &["[{},{},{}]"]);
        let pair = r#"{"prefixItems":[{"type":"string"},{"type":"number"}],"items":false}"#;
        fits(pair, &["[]", r#"["a"]"#, r#"["a",1]"#]);
        refuses(pair, "type at [1]", &[r#"["a","b"]"#]);
        refuses(pair, "not allowed at [2]", &[r#"["a",1,2]"#]);
    }

    #[test]
    fn bounds_hold_for_what_they_are_meant_for() {
        let number =
            r#"{"minimum":1,"maximum":10,"exclusiveMinimum":1,"exclusiveMaximum":10,"minLength":99,"minItems":99}"#;
        fits(number, &["1.5", "9"]);
        refuses(number, "exclusiveMinimum at the top", &["1"]);
        refuses(number, "minimum at the top", &["0"]);
        refuses(number, "exclusiveMaximum at the top", &["10"]);
        refuses(number, "maximum at the top", &["11"]);
        fits(r#"{"minLength":1,"maxLength":2,"minimum":99}"#, &[r#""😀é""#, r#""\ud83d\ude00""#]);
        refuses(r#"{"minLength":1}"#, "minLength at the top", &[r#""""#]);
        refuses(r#"{"maxLength":2}"#, "maxLength at the top", &[r#""abc""#]);
    }

    #[test]
    fn combinations_count_what_fits() {
        fits(r#"{"anyOf":[{"type":"number"},{"minimum":5}]}"#, &["1", "7", r#""x""#]);
        refuses(
            r#"{"anyOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}"#,
            "anyOf at the top",
            &["{}", r#"{"b":1}"#],
        );
        refuses(r#"{"oneOf":[{"type":"number"},{"minimum":5}]}"#, "oneOf at the top", &["7"]);
        fits(r#"{"oneOf":[{"type":"number"},{"minimum":5}]}"#, &["1"]);
        refuses(r#"{"allOf":[{"type":"number"},{"minimum":5}]}"#, "allOf at the top", &["1"]);
    }

    #[test]
    fn alternatives_that_do_not_fit_leave_no_trace() {
        let long = ["[", &"1,".repeat(999), "1]"].concat();
        fits(
            r#"{"items":{"anyOf":[{"properties":{},"type":"object"},{"items":{"type":"string"},"type":"array"},{"type":"number"}]}}"#,
            &[&long],
        );
        let problem = of(
            r#"{"items":{"anyOf":[{"items":{"type":"null"}}]},"allOf":[{"anyOf":[{"items":{"type":"null"}},true]},{"maxItems":0}]}"#,
            "[1]",
        );
        assert_eq!(problem.as_deref(), Some("allOf at the top"));
    }

    #[test]
    fn references_within_the_document_are_followed() {
        let tree = r##"{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}},"additionalProperties":false}}}"##;
        fits(tree, &["{}", r#"{"next":{"next":{}}}"#]);
        refuses(tree, "not allowed at next.x", &[r#"{"next":{"x":1}}"#]);
        refuses(r##"{"items":{"$ref":"#"},"type":"array"}"##, "type at [0][0]", &["[[1]]"]);
        fits(r#"{"$ref":"https://example.com/x"}"#, &["1"]);
        fits(r##"{"$ref":"#/$defs/none"}"##, &["1"]);
    }

    #[test]
    fn a_reference_in_circles_ends() {
        refuses(r##"{"$ref":"#"}"##, "$ref at the top", &["1"]);
        refuses(r##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##, "$ref at the top", &["1"]);
    }

    #[test]
    fn alternatives_at_each_level_of_a_deep_value_end() {
        let schema = r##"{"anyOf":[{"$ref":"#/$defs/sum"},{"$ref":"#/$defs/product"}],"$defs":{
            "sum":{"type":"object","properties":{"left":{"$ref":"#"},"sign":{"const":"+"}}},
            "product":{"type":"object","properties":{"left":{"$ref":"#"},"sign":{"const":"*"}}}}}"##;
        let nested =
            |depth: usize, leaf| [&*r#"{"left":"#.repeat(depth), leaf, &r#","sign":"*"}"#.repeat(depth)].concat();
        fits(schema, &[&nested(10, "{}")]);
        refuses(schema, "anyOf at the top", &[&nested(10, "5")]);
        assert!(of(schema, &nested(20, "5")).unwrap().starts_with("$ref at "));
    }

    #[test]
    fn keywords_that_nobody_knows_are_passed_over() {
        fits(
            r#"{"format":"date","pattern":"^a$","brand_new":1,"minimum":"x","type":5,"required":{},"items":null}"#,
            &[r#""b""#, "[1]"],
        );
    }
}
