"""A flag for each argument of each model's constructor, and what the help page says of it."""

import inspect

from keras_infovae.cli import register

DEFAULT_MODEL = "info_vae"


def uses_of(settings_of):
    """Returns {argument: {model: (its `Parameter`, its default)}} of all registered models.

    Args:
        settings_of: gives {argument: (`Parameter`, default)} of a class, as `register` does.
    """
    found, members = {}, register.members()
    for model in sorted(members, key=lambda model: (model != DEFAULT_MODEL, model)):
        for name, use in settings_of(members[model]).items():
            found.setdefault(name, {})[model] = use
    return found


def define(flag_set, name, uses, shown, suffix=""):
    """Adds the flag of an argument to `flag_set`, which takes any text: models differ in the rest.

    Args:
        flag_set: a `FlagSet`.
        name: the argument.
        uses: {model: (its `Parameter`, its default)}.
        shown: function of (name, parameter, default) to the default as the help page says it.
        suffix: of what stands after "=" on the help page. Default none.
    """
    texts = {model: parameter.text for model, (parameter, _) in uses.items()}
    limits = {model: _sentence(parameter.limits) for model, (parameter, _) in uses.items()}
    sentences = []
    if len(set(texts.values())) == 1:  # said once, and the limits by model
        sentences = [next(iter(texts.values()))]
        texts = dict.fromkeys(texts, "")
    words = {model: f"{texts[model]} {limits[model]}".strip() for model in uses}
    for said, models in _by_words(words):
        sentences.append(said if models is None else f"{said} For {joined(models)}.".lstrip())
    defaults = _by_words({model: shown(name, *use) for model, use in uses.items()})
    several = len(defaults) > 1
    defaults = [f"{said} for {joined(m)}" if several and m else said for said, m in defaults]
    values = {parameter.placeholder for parameter, _ in uses.values()}
    value = values.pop() if len(values) == 1 else "VALUE"
    flag_set.text(
        name, value + suffix, " ".join(filter(None, sentences)), shown="; ".join(defaults)
    )


def default_words(name, parameter, default):
    """Returns an argument's default as the help page says it."""
    if default is inspect.Parameter.empty:
        return str(parameter.suggestion or "none, the model needs it")
    if default is None:
        return parameter.shown or "the model's own"
    return f"{default:g}" if isinstance(default, float) else str(default)


def joined(words):
    """Returns words as "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _sentence(words):
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _by_words(words):
    """Returns [(text, the models that say it, or None where most of all do)] of {model: text}."""
    groups = {}
    for model, text in words.items():
        groups.setdefault(text, []).append(model)
    most = len(register.members()) / 2
    named = [(text, None if len(models) > most else models) for text, models in groups.items()]
    return sorted(named, key=lambda group: group[1] is not None)
