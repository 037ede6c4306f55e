"""The type checker's proof that the SDK is what the contract promises; nothing here is ever run.

Every class and function of the SDK is assigned to the Protocol that documents it. `mypy` (the environment `types`)
fails here when a parameter, its type or a result is not as promised; `test_typing_proof.py` fails when a Protocol of
the contract stands in no line of this file.
"""

from __future__ import annotations

import hokusai
from hokusai_testkit.contract import api

experiment_manager: api.ExperimentManagerClass = hokusai.ExperimentManager
inference_pipeline: api.HokusaiInferencePipelineClass = hokusai.HokusaiInferencePipeline
model_registry: api.ModelRegistryClass = hokusai.ModelRegistry
performance_tracker: api.PerformanceTrackerClass = hokusai.PerformanceTracker
version_manager: api.ModelVersionManagerClass = hokusai.ModelVersionManager
