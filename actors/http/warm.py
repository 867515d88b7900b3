"""The models of google-genai that a request takes, built when this is imported.

google-genai builds each when it is first used: 40 ms, while somebody waits for an answer. The actor
preloads this, so that it is done before the fork.
"""

from actors.backend.sdk import types

for _model in (
    types.Content,
    types.FunctionCall,
    types.FunctionDeclaration,
    types.FunctionResponse,
    types.GenerateContentConfig,
    types.GenerateContentResponse,
    types.GenerateContentResponseUsageMetadata,
    types.Part,
    types.Tool,
    types.UserContent,
):
    _model.model_rebuild()
