"""scikit-learn's own checks of its estimators."""

import pytest
from sklearn.utils import estimator_checks

import keras_infovae as ki
from tests.kinds import PrincipalComponents

ESTIMATORS = [
    ki.scikit_learn.OutlierDetector,
    ki.scikit_learn.LatentTransformer,
    ki.scikit_learn.DensityEstimator,
]
SMALL = {"encoder": ki.networks.MLP([4]), "decoder": ki.networks.MLP([4])}
# Those that train, of which there is time for these few in each run; all of them are among the
# slow tests.
QUICK = {
    "check_dict_unchanged",
    "check_estimators_pickle",
    "check_fit_check_is_fitted",
    "check_methods_subset_invariance",
    "check_outliers_train",
    "check_transformer_general",
}
WITHOUT_TRAINING = {
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_sparse_tag",
    "check_estimator_tags_renamed",
    "check_estimators_empty_data_messages",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_fit2d_1sample",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_transformers_unfitted",
    "check_valid_tag_types",
}
# Checks of DataFrames and of what transformers give, which scikit-learn runs on its own classes.
OF_FRAMES = [
    estimator_checks.check_dataframe_column_names_consistency,
    pytest.param(estimator_checks.check_global_output_transform_pandas, marks=pytest.mark.slow),
    pytest.param(estimator_checks.check_set_output_transform, marks=pytest.mark.slow),
    pytest.param(estimator_checks.check_set_output_transform_pandas, marks=pytest.mark.slow),
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
]
# A row's result may differ in the last bit of float32 with the number and order of the other rows,
# since matrix products add up in another order; these two ask for 1e-7 of float64. With a model
# whose sums are short they hold (below).
ROUNDING = "float32: a row's last bits go by how many rows are multiplied at a time"
EXPECTED = {
    "check_methods_sample_order_invariance": ROUNDING,
    "check_methods_subset_invariance": ROUNDING,
}


def name_of(check):
    return getattr(check, "func", check).__name__


def checks_with(marks_of, **settings):
    """Returns a parameter (estimator, check) for each of scikit-learn's checks."""
    found, seen = [], set()
    for estimator_class in ESTIMATORS:
        given = estimator_class(latent_dim=2, epochs=2, random_state=0, **settings)
        for estimator, check in estimator_checks.estimator_checks_generator(given, mark=None):
            name = f"{estimator_class.__name__}-{name_of(check)}"
            again = name in seen  # the same, from data in a memory map
            seen.add(name)
            marks = marks_of(name_of(check), again)
            found.append(pytest.param(estimator, check, marks=marks, id=f"{name}-{len(found)}"))
    return found


def slow_where_dear(name, again):
    return [pytest.mark.slow] if again or name not in QUICK | WITHOUT_TRAINING else []


@pytest.mark.parametrize(
    ("estimator", "check"), checks_with(slow_where_dear, model=PrincipalComponents)
)
def test_a_model_in_closed_form_passes(estimator, check):
    passes(estimator, check)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "check"), checks_with(lambda name, again: [], model="vae", settings=SMALL)
)
def test_a_model_of_networks_passes(estimator, check):
    if name_of(check) in EXPECTED:
        pytest.xfail(EXPECTED[name_of(check)])
    passes(estimator, check)


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize("check", OF_FRAMES, ids=name_of)
def test_frames_are_taken_and_given_as_anywhere(check):
    estimator = ki.scikit_learn.LatentTransformer(PrincipalComponents, latent_dim=2, epochs=1)
    check("LatentTransformer", estimator)


def passes(estimator, check):
    try:
        check(estimator)
    except estimator_checks.SkipTest as reason:
        pytest.skip(str(reason))
