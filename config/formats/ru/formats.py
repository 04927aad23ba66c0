MONTH_DAY_FORMAT = "j E"  # Django's own has the name of the month as on a calendar: "1 Май"
