# The year in full: Django's own "2026 г." has a full stop, which would be there twice at the end of a sentence.
DATE_FORMAT = "j E Y года"
DATETIME_FORMAT = "j E Y года, G:i"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j E"  # Django's own has the name of the month as on a calendar: "1 Май"
