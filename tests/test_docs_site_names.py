"""What the reference is made of: the public names, and docstrings as Markdown."""

import pytest

pytest.importorskip("griffe", reason="needs pip install keras-infovae[docs]")

from tools.docs_site import docstrings, model_facts, public_names

DOCSTRING = """Returns k.

    k = z

Args:
    first, second,
        third: one of
        - "a";
        - "b".

Returns:
    Numbers: [n].

Example:

>>> 1 + 1
2

References:
    A, arXiv:1706.02262,
    equation 6.
    B, a book.
"""
MARKDOWN = """Returns k.

    k = z

Args:
    first, second, third: one of

        - "a";
        - "b".


**Returns**

Numbers: [n].



**Example**


```pycon
>>> 1 + 1
2
```


**References**

- A, [arXiv:1706.02262](https://arxiv.org/abs/1706.02262),
  equation 6.
- B, a book."""


def test_a_docstring_becomes_markdown():
    assert docstrings.markdown(DOCSTRING) == MARKDOWN


def test_every_public_name_is_in_the_sources():
    for name in public_names.names():
        assert public_names.path(name).startswith("keras_infovae.")
    with pytest.raises(LookupError, match="no_such"):
        public_names.path("kernels.no_such")


def test_a_page_of_a_model_quotes_the_code_and_the_measurement():
    text = "<!-- formula: VAE -->\n<!-- settings: VAE -->\n<!-- measured: VAE -->\n"
    filled = model_facts.filled(text)
    assert "KL(q(z|x) || p(z)) = -ELBO" in filled
    assert "| `latent_dim` | at least 1 | needed |" in filled
    assert "| VAE | 20.97 | 3.18 |" in filled and "--row: 0; --column: 2" in filled
    assert "- `digits_info_vae`: " in model_facts.presets("InfoVAE")
    assert model_facts.presets("NoModel") == "There is none of this class yet."
    with pytest.raises(LookupError, match="no row of ExactEM"):
        model_facts.filled("<!-- measured: ExactEM -->")
