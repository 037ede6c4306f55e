"""The type checker's proof that the SDK is what the contract promises; nothing here is ever run.

Every class and function of the SDK is assigned to the Protocol that documents it. `mypy` (the environment `types`)
fails here when a parameter, its type or a result is not as promised; `test_typing_proof.py` fails when a Protocol of
the contract stands in no line of this file.
"""

from __future__ import annotations

import hokusai
import hokusai.config
import hokusai.core
from hokusai_testkit.contract import api

# Registering, versions, model kinds
model_registry: api.ModelRegistryClass = hokusai.ModelRegistry
version_manager: api.ModelVersionManagerClass = hokusai.ModelVersionManager
model_factory: api.ModelFactoryClass = hokusai.core.ModelFactory

# Predicting
inference_pipeline: api.HokusaiInferencePipelineClass = hokusai.HokusaiInferencePipeline
cache_config: api.CacheConfigClass = hokusai.core.CacheConfig
inference_request: api.InferenceRequestClass = hokusai.core.InferenceRequest
inference_response: api.InferenceResponseClass = hokusai.core.InferenceResponse
ab_test_config: api.ABTestConfigClass = hokusai.core.ABTestConfig
traffic_router: api.ModelTrafficRouterClass = hokusai.core.ModelTrafficRouter

# Experiments and tracking
experiment_manager: api.ExperimentManagerClass = hokusai.ExperimentManager
performance_tracker: api.PerformanceTrackerClass = hokusai.PerformanceTracker

# Configuration and authentication
auth: api.HokusaiAuthClass = hokusai.HokusaiAuth
setup: api.SetupFunction = hokusai.setup
configure: api.ConfigureFunction = hokusai.configure
init: api.InitFunction = hokusai.init
setup_mlflow_auth: api.SetupMlflowAuthFunction = hokusai.setup_mlflow_auth
get_mlflow_auth_status: api.GetMlflowAuthStatusFunction = hokusai.get_mlflow_auth_status
get_mlflow_status: api.GetMlflowStatusFunction = hokusai.config.get_mlflow_status

# Exceptions
root: api.HokusaiExceptionClass = hokusai.HokusaiException
mlflow_authentication: api.MLflowAuthenticationErrorClass = hokusai.MLflowAuthenticationError
mlflow_connection: api.MLflowConnectionErrorClass = hokusai.MLflowConnectionError
not_found: api.ModelNotFoundErrorClass = hokusai.ModelNotFoundError
notification: api.NotificationErrorClass = hokusai.NotificationError
rate_limit: api.RateLimitErrorClass = hokusai.RateLimitError
