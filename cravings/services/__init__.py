"""The only writers of presses, claims, responders, the roster, aftercare and crisis lines.

(press) --> asking --claim--> claimed --first word--> they talk --either closes, or rests--> closed --> aftercare
              |  ^               |
              |  +--60 s without a word, given back, refused: asked anew
              |--30 min--> unanswered --> aftercare, review
              +--undo, cancel--> cancelled
"""

from cravings.services.after import (
    aftercare_answer,
    aftercare_due,
    aftercare_plan,
    aftercare_postpone,
    aftercare_question,
    aftercare_send,
    wishes_lead,
    wishes_set,
)
from cravings.services.asking import press_page, press_postpone, press_unanswered, press_wave
from cravings.services.claims import (
    press_claim,
    press_give_back,
    press_here,
    press_refuse,
    press_second,
    press_still_here,
)
from cravings.services.lines import (
    crisis_line_check,
    crisis_line_retire,
    crisis_line_write,
    crisis_lines_load,
    region_check,
    region_choose,
)
from cravings.services.press import press_close, press_make, press_mark, press_now, press_undo, press_undo_by_key
from cravings.services.responders import (
    available_end,
    available_set,
    responder_admit,
    responder_bar,
    responder_join,
    responder_leave,
    responder_rest,
    responder_vet,
    responder_vouch,
)
from cravings.services.review import press_review
from cravings.services.roster import (
    ShiftIn,
    gaps_postpone,
    gaps_warn,
    rota_set,
    shift_day_set,
    shift_end,
    shift_join,
    shift_make,
    shift_part,
    swap_ask,
    swap_take,
    swap_withdraw,
)
from cravings.services.safety import (
    claim_rights_check,
    limit_end,
    limit_set,
    press_not_meant,
    words_looked,
    words_meant_otherwise,
)
from cravings.services.supporters import supporter_answer, supporter_asked_by
from cravings.services.talks import press_rest, talk_look

__all__ = [
    "ShiftIn",
    "aftercare_answer",
    "aftercare_due",
    "aftercare_plan",
    "aftercare_postpone",
    "aftercare_question",
    "aftercare_send",
    "available_end",
    "available_set",
    "claim_rights_check",
    "crisis_line_check",
    "crisis_line_retire",
    "crisis_line_write",
    "crisis_lines_load",
    "gaps_postpone",
    "gaps_warn",
    "limit_end",
    "limit_set",
    "press_claim",
    "press_close",
    "press_give_back",
    "press_here",
    "press_make",
    "press_mark",
    "press_not_meant",
    "press_now",
    "press_page",
    "press_postpone",
    "press_refuse",
    "press_rest",
    "press_review",
    "press_second",
    "press_still_here",
    "press_unanswered",
    "press_undo",
    "press_undo_by_key",
    "press_wave",
    "region_check",
    "region_choose",
    "responder_admit",
    "responder_bar",
    "responder_join",
    "responder_leave",
    "responder_rest",
    "responder_vet",
    "responder_vouch",
    "rota_set",
    "shift_day_set",
    "shift_end",
    "shift_join",
    "shift_make",
    "shift_part",
    "supporter_answer",
    "supporter_asked_by",
    "swap_ask",
    "swap_take",
    "swap_withdraw",
    "talk_look",
    "wishes_lead",
    "wishes_set",
    "words_looked",
    "words_meant_otherwise",
]
