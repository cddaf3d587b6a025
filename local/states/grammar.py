"""What moto's grammar makes of a definition's text.

AWS: a text is what its JSON says; a state may be JSONPath inside a JSONata state of a JSONPath machine; an
intrinsic function's text has four escapes (`\\'`, `\\{`, `\\}`, `\\\\`), any other is refused.
moto: keeps a literal's JSON escapes as characters, reads `\\'` as a text's end, prints syntax errors of
intrinsic functions and goes on, and remembers a refused definition's query language for the next one.
"""

import json
import re
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicLexer import ASLIntrinsicLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicParser import ASLIntrinsicParser
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import is_terminal
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringIntrinsicFunction
from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import ArgumentLiteral
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.generic.string_format import (
    StringFormat,
)
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import SyntaxErrorListener
from moto.stepfunctions.parser.asl.parse.intrinsic.preprocessor import Preprocessor as IntrinsicPreprocessor
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from local.states.patching import replace

# A quoted argument: what precedes it, then its text.
_QUOTED = re.compile(r"([(,]\s*)'((?:\\.|[^'\\])*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LEGAL_ESCAPES = "'{}\\"
_listener: Any = SyntaxErrorListener
_PLACE = re.compile(r"\\(.)|\{\}", re.DOTALL)


def _text(parser_rule_context: Any) -> str | None:
    """A token's text as its JSON says; None for null."""
    if is_terminal(parser_rule_context, ASLLexer.NULL):
        return None
    token = str(parser_rule_context.getText())
    if token.startswith('"') and token.endswith('"') and len(token) > 1:
        return str(json.loads(token))
    return token


class _Intrinsic(IntrinsicPreprocessor):
    """Builds a function whose quoted arguments were numbered before the lexer saw them."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def visitFunc_arg_string(self, ctx: Any) -> ArgumentLiteral:  # noqa: N802 (the visitor's name)
        return ArgumentLiteral(definition_value=self._texts[int(ctx.STRING().getText()[1:-1])])


def parse_intrinsic(source: str) -> Any:
    """The function of a text such as `States.Format('{}', $.a)`; ValueError if it is malformed."""
    texts: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        text = match[2]
        for escape in _ESCAPE.finditer(text):
            if escape[1] not in _LEGAL_ESCAPES:
                raise ValueError(f"Illegal escape '{escape[0]}' in the intrinsic function: {source}")
        # Format tells an escaped brace from a place for an argument itself.
        formatted = source[: match.start() + 1].endswith("States.Format(")
        texts.append(text if formatted else _ESCAPE.sub(r"\1", text))
        return f"{match[1]}'{len(texts) - 1}'"

    listener: Any = _listener()
    lexer = ASLIntrinsicLexer(InputStream(_QUOTED.sub(numbered, source)))
    parser: Any = ASLIntrinsicParser(CommonTokenStream(lexer))
    for recogniser in (lexer, parser):
        recogniser.removeErrorListeners()
        recogniser.addErrorListener(listener)
    tree = parser.func_decl()
    if listener.errors:
        raise ValueError(f"Invalid intrinsic function: {source}: {listener.errors[0]}")
    return _Intrinsic(texts).visit(tree)


def _intrinsic(self: Any, ctx: Any) -> StringIntrinsicFunction:
    source = str(json.loads(ctx.STRINGINTRINSICFUNC().getText()))
    return StringIntrinsicFunction(intrinsic_function_derivation=source, function=parse_intrinsic(source))


def _format(self: Any, env: Any) -> None:
    self.argument_list.eval(env=env)
    template, *values = env.stack.pop()
    given = iter(values)

    def filled(match: re.Match[str]) -> str:
        return match[1] if match[1] else str(self._to_str_repr(next(given)))

    env.stack.append(_PLACE.sub(filled, template))


def _open_scope(self: Any, tree: Any) -> None:
    """In a JSONPath machine a state chooses its language, whatever the state around it chose."""
    scopes = self._query_language_per_scope
    if len(scopes) < 2 or scopes[0].query_language_mode != QueryLanguageMode.JSONPath:
        _open_strict_scope(self, tree)
        return
    inherited = scopes.pop()
    height = len(scopes)
    try:
        scopes.append(scopes[0])  # from which any language may follow
        _open_strict_scope(self, tree)
        opened = scopes[-1]
        del scopes[height:]
        scopes.append(inherited)
        scopes.append(inherited if opened is scopes[0] else opened)
    except ValueError:
        scopes[height:] = [inherited]
        raise


def _fresh(self: Any) -> None:
    self._query_language_per_scope = []


_open_strict_scope = Preprocessor._open_query_language_scope


def install() -> None:
    replace(Preprocessor, "__init__", _fresh)
    replace(Preprocessor, "_inner_string_of", staticmethod(_text))
    replace(preprocessor, "from_string_literal", _text)
    replace(Preprocessor, "_open_query_language_scope", _open_scope)
    replace(Preprocessor, "visitString_intrinsic_function", _intrinsic)
    replace(StringFormat, "_eval_body", _format)
