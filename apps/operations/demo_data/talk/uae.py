"""Said at the hospital in the Emirates, and between it and Korea: in English and Arabic."""

TALK = {
    "uae-isolation-general": """
        == 7 09:00
        Layla: Welcome everyone. Isolation and ICU share this team so that a transfer needs one message, not five.
        + thumbsup Omar Grace Fatima Priya
        Fatima: أهلًا بالجميع. سأنشر جدول الأسبوع كل يوم أحد
        + heart Priya Huda
        == 2 17:30
        Grace: Visiting is **by video only** this week. The tablets are charged at the nurses' station.
        ! Layla Omar Fatima Priya
        ^ Layla
        Fatima: تم تنظيف الأجهزة اللوحية وتوزيعها على الغرف
        > Grace: شكرًا @فاطمة القبيسي
        + smile Fatima
    """,
    "uae-ppe": """
        == 3 10:10
        Priya: Size S respirators in isolation will last two days at this rate.
        Huda: A delivery of 800 is due tomorrow before noon, 300 of them small.
        > Priya: Perfect, thank you.
        + heart Huda
        Fatima: وصلت العباءات الواقية، ٤٠٠ قطعة في المخزن الرئيسي
        + white_check_mark Huda Grace
        == 1 13:00
        James: ER is out of large face shields. Can isolation spare ten?
        > Fatima: نعم، @James Okoye أرسلت لكم خمسة عشر
        > James: You are a star.
        + star Fatima
        == ago 80
        Huda: @Priya Raman, please count gloves by box, not by pair, in the evening sheet. The numbers did not match last night.
        + thumbsup Priya Grace
        Fatima: سأذكّر مناوبة الليل بذلك
    """,
    "uae-consult": """
        == 3 11:00
        Layla: Isolation bed 6: fever is back on day 9 after two quiet days. Would you repeat the CT now, or wait?
        마루: I would wait 24 hours if oxygen is stable, and send cultures first.
        > Layla: Stable on 2 litres. Cultures sent.
        > 마루: Good. Let us look again tomorrow at 10:00 your time.
        + thumbsup Layla 해찬
        == 2 10:05
        해찬: 배양 결과 그람음성균입니다. 항생제 바꾸고 경과 보겠습니다
        마루: 용량은 신장 기능 보고 조절하세요. 본원 감염내과와도 한 번 상의해 주세요
        > 해찬: 네, 오늘 안에 여쭙겠습니다
        + white_check_mark 마루
        == ago 85
        Layla: Bed 6 update: no fever for 24 hours, oxygen down to 1 litre.\\n\\n| | Sun | Mon |\\n| --- | ---: | ---: |\\n| CRP mg/L | 118 | 64 |\\n| WBC 10⁹/L | 13.2 | 9.8 |
        + heart 해찬
        마루: Excellent. Please continue for 5 days and then stop.
        James: @Maru Kang, we may have one more for you tonight, chest film is being taken now.
        Layla: Agreed on 5 days, noted in the plan.
        해찬: 엑스레이 나오면 제가 먼저 보고 올리겠습니다
    """,
    "uae-life-general": """
        == 10 18:00
        Huda: The shuttle from the staff residence now leaves at 06:10 and 18:10.
        + thumbsup Grace Priya Nasser
        Grace: Anyone for a walk on the corniche on Friday at five?
        + raised_hand Priya James
        해찬: I will bring gimbap.
        + heart Grace Priya
        == 4 20:00
        Nasser: مباراة كرة قدم يوم الخميس بعد المناوبة، من ينضم؟
        + raised_hand James
        James: Count me in, but go easy on the night shift.
        == 1 19:15
        Priya: Thank you all for the cake :cake: I did not expect it!
        + heart Grace Layla Fatima Huda
        Fatima: كل عام وأنتِ بخير يا بريا
        + heart Priya
    """,
    "all-uae": """
        == 5 08:00
        Huda: From Sunday the staff entrance is at gate 3. Please keep your badge visible.
        Huda: ابتداءً من يوم الأحد يكون دخول الموظفين من البوابة ٣، مع إبراز البطاقة
        + thumbsup Layla Omar Fatima James
        == 2 12:30
        Nasser: The wireless network in ward 2A will restart tonight at 02:00 for ten minutes.
        > Grace: Will the monitors in ICU be affected?
        > Nasser: No, they are wired.
        + thumbsup Grace
        == 0 07:45
        Layla: صباح الخير. مدة العزل بعد التعرض صارت ٧ أيام بدل ١٠ للعاملين بلا أعراض، والتفاصيل لدى مكافحة العدوى
        Layla: Good morning. Isolation after exposure is now 7 days instead of 10 for staff without symptoms; infection control has the details.
        + eyes Omar Grace Fatima Priya James
    """,
}
