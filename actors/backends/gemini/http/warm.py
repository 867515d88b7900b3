"""The models of google-genai that a request takes besides those of `sdk`, built when imported.

google-genai builds each when it is first used: 40 ms, while somebody waits for an answer. The actor
preloads this, so that it is done before the fork.
"""

from actors.backends.gemini.sdk import types

for _model in (
    types.Blob,
    types.Candidate,
    types.FunctionCall,
    types.FunctionResponse,
    types.GenerateContentConfig,
    types.GenerateContentResponse,
    types.GenerateContentResponseUsageMetadata,
    types.UserContent,
):
    _model.model_rebuild()
