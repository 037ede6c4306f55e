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

experiment_manager: api.ExperimentManagerClass = hokusai.ExperimentManager
inference_pipeline: api.HokusaiInferencePipelineClass = hokusai.HokusaiInferencePipeline
model_factory: api.ModelFactoryClass = hokusai.core.ModelFactory
model_registry: api.ModelRegistryClass = hokusai.ModelRegistry
performance_tracker: api.PerformanceTrackerClass = hokusai.PerformanceTracker
version_manager: api.ModelVersionManagerClass = hokusai.ModelVersionManager

auth: api.HokusaiAuthClass = hokusai.HokusaiAuth
setup: api.SetupFunction = hokusai.setup
configure: api.ConfigureFunction = hokusai.configure
init: api.InitFunction = hokusai.init
setup_mlflow_auth: api.SetupMlflowAuthFunction = hokusai.setup_mlflow_auth
get_mlflow_auth_status: api.GetMlflowAuthStatusFunction = hokusai.get_mlflow_auth_status
get_mlflow_status: api.GetMlflowStatusFunction = hokusai.config.get_mlflow_status

hokusai_exception: api.HokusaiExceptionClass = hokusai.HokusaiException
mlflow_authentication_error: api.MLflowAuthenticationErrorClass = hokusai.MLflowAuthenticationError
mlflow_connection_error: api.MLflowConnectionErrorClass = hokusai.MLflowConnectionError
model_not_found_error: api.ModelNotFoundErrorClass = hokusai.ModelNotFoundError
notification_error: api.NotificationErrorClass = hokusai.NotificationError
rate_limit_error: api.RateLimitErrorClass = hokusai.RateLimitError
ab_test_config: api.ABTestConfigClass = hokusai.core.ABTestConfig
cache_config: api.CacheConfigClass = hokusai.core.CacheConfig
inference_request: api.InferenceRequestClass = hokusai.core.InferenceRequest
inference_response: api.InferenceResponseClass = hokusai.core.InferenceResponse
traffic_router: api.ModelTrafficRouterClass = hokusai.core.ModelTrafficRouter
