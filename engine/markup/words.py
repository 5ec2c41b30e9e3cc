"""What rendering itself says within a page: the names of callouts, and why an embed is not shown.

It stands among the author's text, so it is in the language of the page, not in that of the interface.
"""

from collections.abc import Mapping

_CALLOUTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "abstract": "Kurzfassung", "attention": "Achtung", "bug": "Fehler im Programm", "caution": "Vorsicht",
        "check": "Geprüft", "cite": "Zitat", "danger": "Gefahr", "done": "Erledigt", "error": "Fehler",
        "example": "Beispiel", "fail": "Fehlgeschlagen", "failure": "Fehlgeschlagen", "faq": "Häufige Frage",
        "help": "Hilfe", "hint": "Hinweis", "important": "Wichtig", "info": "Information", "missing": "Fehlt",
        "note": "Anmerkung", "question": "Frage", "quote": "Zitat", "success": "Erfolg",
        "summary": "Zusammenfassung", "tip": "Tipp", "tldr": "Kurz gesagt", "todo": "Zu tun", "warning": "Warnung",
    },
    "zh": {
        "abstract": "摘要", "attention": "注意", "bug": "缺陷", "caution": "小心", "check": "已核对", "cite": "引用",
        "danger": "危险", "done": "完成", "error": "错误", "example": "示例", "fail": "失败", "failure": "失败",
        "faq": "常见问题", "help": "帮助", "hint": "提示", "important": "重要", "info": "信息", "missing": "缺失",
        "note": "注", "question": "问题", "quote": "引用", "success": "成功", "summary": "总结", "tip": "技巧",
        "tldr": "要点", "todo": "待办", "warning": "警告",
    },
    "ar": {
        "abstract": "ملخص", "attention": "انتباه", "bug": "خلل برمجي", "caution": "حذر", "check": "تم التحقق",
        "cite": "اقتباس", "danger": "خطر", "done": "تم", "error": "خطأ", "example": "مثال", "fail": "فشل",
        "failure": "فشل", "faq": "سؤال شائع", "help": "مساعدة", "hint": "تلميح", "important": "مهم",
        "info": "معلومة", "missing": "مفقود", "note": "ملاحظة", "question": "سؤال", "quote": "اقتباس",
        "success": "نجاح", "summary": "خلاصة", "tip": "نصيحة", "tldr": "باختصار", "todo": "للتنفيذ",
        "warning": "تحذير",
    },
}  # fmt: skip

# Each stands behind the link to what is not shown.
_EMBEDS: Mapping[str, Mapping[str, str]] = {
    "embed-cycle": {
        "en": "would embed itself here.",
        "de": "würde sich hier selbst einbetten.",
        "zh": "会在此处嵌入自身。",
        "ar": "ستُضمِّن نفسها هنا.",
    },
    "embed-depth": {
        "en": "is embedded too deep to be shown here.",
        "de": "ist zu tief eingebettet, um hier gezeigt zu werden.",
        "zh": "嵌入层次过深，此处不显示。",
        "ar": "مضمَّنة على عمق أكبر من أن تُعرض هنا.",
    },
    "embed-size": {
        "en": "is not shown here.",
        "de": "wird hier nicht gezeigt.",
        "zh": "此处不显示。",
        "ar": "لا تُعرض هنا.",
    },
}


def callout_name(kind: str, lang: str) -> str:
    """Return the title of a callout to which its author gave none; *lang* is a BCP 47 tag."""
    return _CALLOUTS.get(_code(lang), {}).get(kind.lower(), kind.capitalize())


def why_not_embedded(why: str, lang: str) -> str:
    """Return what is said of an embed that is not shown; *why* is the code of the problem."""
    said = _EMBEDS[why]
    return said.get(_code(lang), said["en"])


def _code(lang: str) -> str:
    return lang.partition("-")[0].lower()
