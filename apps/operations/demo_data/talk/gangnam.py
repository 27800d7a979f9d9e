"""Said at the training academy in Gangnam."""

TALK = {
    "academy-general": """
        == 9 10:00
        아름: 여섯 병원 교육 담당이 모두 모였습니다. 일정은 ‘교육 일정’, 자료 질문은 여기에 주세요
        + thumbsup 봄이 하늘 초아 나린 푸름
        + wave Huda
        Huda: Hello from the UAE. Happy to join, we will share our English slides.
        > 아름: Thank you, Huda. Yours are ready to use, ours will follow.
        + heart Huda
        == 3 14:30
        우람: 심폐소생술 모형 두 대가 새로 왔습니다. 예약은 제게 주세요
        + star 봄이 초아
        푸름: 양평에서 하루 빌릴 수 있을까요? 다음 주 화요일
        > 우람: 됩니다. 월요일 셔틀로 보낼게요
        + thumbsup 푸름
    """,
    "academy-ppe": """
        == 5 11:00
        아름: 입고 벗기 교육 순서를 바꿨습니다. 벗기를 먼저 보여 주고 입기를 합니다. 틀리는 곳이 거의 벗을 때라서요
        + thumbsup 미르 봄이 하늘
        미르: 장갑 두 겹은 안쪽을 마지막까지 남기는 것으로 맞췄습니다
        > 아름: 네, 5쪽 사진도 바꿨습니다
        == 2 13:20
        리라: 밀착도 검사 결과 보관은 2년으로 할까요, 3년으로 할까요?
        미르: 3년으로 합시다. 산업보건 쪽과 같은 기간입니다
        + white_check_mark 아름 리라
        초아: 보라매는 이번 주 38명 마쳤습니다. 남은 인원 12명
        + star 아름
        == 1 16:00
        나린: 분당은 소형 마스크가 모자라 여섯 명이 미뤄졌어요
        > 아름: 강남에 소형 40개 있습니다. 내일 보낼게요
        > 나린: 고맙습니다
        == ago 62
        하늘: 7W는 목요일 오후와 금요일 오전으로 나눠 합니다. 강사 한 분 부탁드려요
        아름: 목요일은 리라 선생님, 금요일은 제가 가겠습니다
        + heart 하늘
        Huda: Could we borrow the video of the doffing sequence? Arabic subtitles are ready on our side.
        리라: The file is on its way. Please send us the subtitles too!
        봄이: 본원 학생 여덟 명도 같이 보면 좋겠습니다
    """,
    "academy-calendar": """
        == 8 09:30
        아름: 다음 달 일정 초안입니다.\\n· 첫째 주: 밀착도 검사 (본원, 보라매)\\n· 둘째 주: 인공호흡기 기초 (분당)\\n· 셋째 주: 심폐소생술 재인증\\n· 넷째 주: 감염병 모의훈련
        + thumbsup 봄이 초아 나린 푸름
        나린: 둘째 주 수요일은 전공의 교육과 겹칩니다
        > 아름: 목요일로 옮기겠습니다
        == 3 10:40
        푸름: 재활병동은 심폐소생술 재인증 대상이 스물여섯입니다. 두 번에 나눠 주세요
        + white_check_mark 아름 우람
        == 0 09:00
        우람: 심폐소생술 재인증 신청이 열렸습니다. 한 회차 12명, 이번 달 다섯 회차
        + eyes 하늘 초아
        은결: 간호본부에서 대상자 명단을 병동마다 보냈습니다
    """,
    "academy-trainers": """
        == 4 17:00
        아름: 강사 시간표를 주 12시간 안으로 맞춥시다. 지난달 우람 선생님이 19시간이었어요
        + heart 우람
        리라: 화요일 보라매는 제가 갈게요
        > 우람: 덕분에 숨 쉽니다
        == 1 18:10
        봄이: 본원 학생 교육은 제가 맡고, 모의훈련 때 두 분만 빌려주세요
        + thumbsup 아름 리라
    """,
    "all-gangnam": """
        == 2 08:50
        다미: 검진센터 대기실 좌석을 반으로 줄였습니다. 예약은 15분 간격입니다
        + thumbsup 아름 리라
        == 0 08:40
        리라: 교육센터 3강의실은 오늘 방송 장비를 바꿉니다. 회의는 2강의실로 부탁드려요
        + white_check_mark 우람 다미 아름
    """,
}
