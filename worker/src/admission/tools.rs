//! Plugins, and tools that the upstream runs: each may name models of its own and costs extra.

use std::borrow::Cow;

use openrouter_wasm::json::{Value, concat, decimal};

use super::{Asked, Endpoint, forbidden, invalid, models::Named, models::Patterns, plain, rules::Fee, rules::Rules};
use crate::policy::Refusal;

/// They reach into the account's workspace, which all users of the key share: no setting lets them pass.
const OF_THE_ACCOUNT: [&str; 7] =
    ["openrouter:bash", "openrouter:files", "openrouter:shell", "bash", "files", "shell", "file_search"];

/// They choose a model of their own where the request names none.
const WITH_MODELS: [&str; 4] = ["advisor", "fusion", "image_generation", "subagent"];

/// Nano-USD of a page that is fetched, by the dearest engine.
const FETCH_USD: u64 = 1_000_000;

/// Nano-USD of a file whose pages are read by the dearest engine: a thousand, which is the most that it takes.
const FILE_USD: u64 = 2_200_000_000;

/// What decides about plugins and tools.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gate<'a> {
    pub(super) rules: &'a Rules,
    pub(super) models: &'a Patterns,
}

impl Gate<'_> {
    /// Checks a model that is named somewhere, and tells how.
    pub(super) fn named(self, text: &str, field: &str, asked: &mut Asked) -> Result<Named, Refusal> {
        let named = Named::read(text, field)?;
        if let Some(preset) = &named.preset {
            self.preset(preset, field, asked)?;
        }
        if !named.slug.is_empty() && !self.models.allow(&named.slug) {
            return Err(forbidden(&[field, ": ", &named.slug, " may not be asked through this proxy"]));
        }
        if named.is_online {
            self.web_plugin(field, asked)?;
        }
        Ok(named)
    }

    /// Checks a preset by its name. It may hold models, tools and limits of its own: what they add has a price here.
    pub(super) fn preset(self, name: &str, field: &str, asked: &mut Asked) -> Result<(), Refusal> {
        match self.rules.presets.get(&name.to_ascii_lowercase()) {
            None => return Err(forbidden(&[field, ": this preset is not available through this proxy"])),
            Some(Fee(Some(usd))) => asked.once_usd = asked.once_usd.saturating_add(usd),
            Some(Fee(None)) if self.rules.has_bound() => return Err(unpriced("ALLOWED_PRESETS", field, name)),
            Some(Fee(None)) => {}
        }
        Ok(())
    }

    /// Checks the list of plugins.
    pub(super) fn plugins(self, plugins: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
        for plugin in plugins.items() {
            let id = plugin.text_of("id").unwrap_or_default();
            if self.rules.plugins.get(&id).is_none() {
                return Err(forbidden(&["plugins: ", &shown(&id), " is not available through this proxy"]));
            }
            self.inside(plugin, "plugins", asked)?;
            if plugin.get("enabled") == Some(&Value::Bool(false)) {
                continue;
            }
            match &*id {
                "web" => self.web_plugin("plugins", asked)?,
                "file-parser" => {
                    let engine = plugin.at("pdf").text_of("engine").unwrap_or_default();
                    asked.reads_files_free = ["native", "cloudflare-ai", "pdf-text"].contains(&&*engine);
                }
                "fusion" if plugin.present("model").is_none() || plugin.present("analysis_models").is_none() => {
                    return Err(forbidden(&["plugins: fusion has to name `model` and `analysis_models`"]));
                }
                "response-healing"
                | "context-compression"
                | "moderation"
                | "auto-router"
                | "auto-beta-router"
                | "pareto-router" => {}
                _ => match self.rules.plugins.get(&id).and_then(|fee| fee.0) {
                    Some(usd) => asked.once_usd = asked.once_usd.saturating_add(usd),
                    None if self.rules.has_bound() => return Err(unpriced("ALLOWED_PLUGINS", "plugins", &id)),
                    None => {}
                },
            }
        }
        Ok(())
    }

    /// A search that is made once, and what it finds goes into the prompt.
    fn web_plugin(self, field: &str, asked: &mut Asked) -> Result<(), Refusal> {
        match self.rules.plugins.get("web") {
            None => return Err(forbidden(&[field, ": web search is not available through this proxy"])),
            Some(Fee(Some(usd))) => asked.once_usd = asked.once_usd.saturating_add(usd),
            Some(Fee(None)) => {
                asked.searches = true;
                asked.is_open = true;
            }
        }
        Ok(())
    }

    /// Files in the prompt are read by a plugin, be it asked for or not.
    pub(super) fn files(self, asked: &mut Asked) -> Result<(), Refusal> {
        if asked.files == 0 {
            return Ok(());
        }
        let usd = match self.rules.plugins.get("file-parser") {
            None => return Err(forbidden(&["files are not available through this proxy"])),
            Some(Fee(Some(usd))) => usd,
            Some(Fee(None)) if asked.reads_files_free => 0,
            Some(Fee(None)) => FILE_USD,
        };
        asked.once_usd = asked.once_usd.saturating_add(usd.saturating_mul(asked.files));
        Ok(())
    }

    /// Checks the list of tools.
    pub(super) fn tools(self, tools: &Value<'_>, endpoint: Endpoint, asked: &mut Asked) -> Result<(), Refusal> {
        for tool in tools.items() {
            asked.caches |= tool.present("cache_control").is_some();
            match tool.text_of("type") {
                Some(kind) if is_callers(&kind) => {}
                Some(kind) if kind == "namespace" => {
                    let inner = tool.at("tools").items().iter();
                    if !inner.into_iter().all(|tool| tool.text_of("type").is_some_and(|kind| is_callers(&kind))) {
                        return Err(forbidden(&["tools: a namespace may hold functions only"]));
                    }
                }
                Some(kind) => self.server_tool(&kind, tool, "tools", asked)?,
                // Anthropic's own way to write a function.
                None if endpoint == Endpoint::Messages
                    && tool.present("type").is_none()
                    && tool.present("name").is_some() => {}
                None => return Err(invalid(&["tools: each needs a `type`"])),
            }
        }
        Ok(())
    }

    /// Which tool has to be called: it may be named nowhere else.
    pub(super) fn tool_choice(self, choice: &Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
        const WAYS: [&str; 7] = ["auto", "none", "required", "any", "tool", "function", "allowed_tools"];
        match choice.text_of("type") {
            Some(kind) if !WAYS.contains(&&*kind) && !is_callers(&kind) => {
                self.server_tool(&kind, &Value::Null, "tool_choice", asked)
            }
            _ => Ok(()),
        }
    }

    /// Checks a tool that the upstream runs.
    pub(super) fn server_tool(
        self,
        kind: &str,
        tool: &Value<'_>,
        field: &str,
        asked: &mut Asked,
    ) -> Result<(), Refusal> {
        let lower = kind.to_ascii_lowercase();
        let Some(Fee(price)) = self.rules.server_tools.get(kind).filter(|_| !OF_THE_ACCOUNT.contains(&&*lower)) else {
            return Err(forbidden(&[field, ": ", &shown(kind), " is not available through this proxy"]));
        };
        self.inside(tool, field, asked)?;
        let name = lower.strip_prefix("openrouter:").unwrap_or(&lower);
        let has_model = |key| tool.present(key).is_some() || tool.at("parameters").present(key).is_some();
        if tool.is_object() && WITH_MODELS.iter().any(|with| name.starts_with(with)) {
            // A subagent without one asks the request's own.
            if !name.starts_with("subagent") && !has_model("model")
                || name.starts_with("fusion") && !has_model("analysis_models")
            {
                return Err(forbidden(&[field, ": ", &shown(kind), " has to name its models"]));
            }
        }
        if ["local_shell", "apply_patch"].contains(&name)
            || ["bash_", "text_editor_", "computer_"].iter().any(|run| name.starts_with(run))
        {
            // The caller runs it.
            return Ok(());
        }
        asked.loops = true;
        match price {
            // What it brings into the prompt is part of the operator's price.
            Some(usd) => asked.step_usd = asked.step_usd.max(usd),
            None if name == "datetime" => {}
            None => {
                asked.is_open = true;
                if name.starts_with("web_search") {
                    asked.searches = true;
                } else if name.starts_with("web_fetch") {
                    asked.step_usd = asked.step_usd.max(FETCH_USD);
                } else if !name.starts_with("tool_search")
                    && name != "experimental__search_models"
                    && self.rules.has_bound()
                {
                    return Err(unpriced("ALLOWED_SERVER_TOOLS", field, kind));
                }
            }
        }
        Ok(())
    }

    /// Checks what the settings of a plugin or a tool name, however deep.
    fn inside(self, settings: &Value<'_>, field: &str, asked: &mut Asked) -> Result<(), Refusal> {
        for item in settings.items() {
            self.inside(item, field, asked)?;
        }
        for (key, value) in settings.entries() {
            if value.is_null() {
                continue;
            }
            let key = plain(key);
            let path = || concat(&[field, ": ", &key]);
            let within = |most: u64| match value.index() {
                Some(number) if most == 0 || u64::from(number) <= most => Ok(()),
                _ => Err(invalid(&[&path(), ": expected a whole number of at most ", &decimal(most)])),
            };
            match &*key {
                "model" => drop(self.named(&text(value, &path)?, &path(), asked)?),
                "models" | "analysis_models" | "fallbacks" => {
                    for model in listed(value, &path)? {
                        let name = model.get("model").unwrap_or(model);
                        self.named(&text(name, &path)?, &path(), asked)?;
                    }
                }
                "allowed_models" => {
                    for pattern in listed(value, &path)? {
                        if !self.models.allow_pattern(&text(pattern, &path)?) {
                            return Err(forbidden(&[&path(), ": wider than what may be asked through this proxy"]));
                        }
                    }
                }
                "preset" => self.preset(&text(value, &path)?, &path(), asked)?,
                "tools" => {
                    for tool in listed(value, &path)? {
                        let kind = tool.at("type");
                        self.server_tool(&text(kind, &path)?, tool, &path(), asked)?;
                    }
                }
                "max_completion_tokens" | "max_tokens" => within(self.rules.max_output_tokens)?,
                "max_tool_calls" => within(self.rules.max_tool_steps)?,
                _ => self.inside(value, field, asked)?,
            }
        }
        Ok(())
    }
}

/// Whether a tool is the caller's own to run.
fn is_callers(kind: &str) -> bool {
    kind == "function" || kind == "custom"
}

fn text<'a>(value: &'a Value<'_>, path: &impl Fn() -> String) -> Result<Cow<'a, str>, Refusal> {
    value.text().ok_or_else(|| invalid(&[&path(), ": expected a string"]))
}

fn listed<'a, 'b>(value: &'a Value<'b>, path: &impl Fn() -> String) -> Result<&'a [Value<'b>], Refusal> {
    if value.is_array() { Ok(value.items()) } else { Err(invalid(&[&path(), ": expected a list"])) }
}

fn unpriced(setting: &str, field: &str, name: &str) -> Refusal {
    forbidden(&[
        field,
        ": ",
        &shown(name),
        " has no price here: ",
        setting,
        " has to say it, as `",
        &shown(name),
        "=0.50`",
    ])
}

/// A name as it may be shown.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(64).collect()
}
