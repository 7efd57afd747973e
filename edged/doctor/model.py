"""Whether the service has the model. Pure."""

from edged.doctor.check import FAILURE, WARNING, Check

CHECK = Check(
    "model",
    "line",
    "whether the service has the model, and does not replace it",
    {
        "model_refused": FAILURE,
        "not_offered": FAILURE,
        "model_replaced": WARNING,
    },
    needs=("key",),
)
