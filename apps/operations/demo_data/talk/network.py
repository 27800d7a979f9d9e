"""Said to everybody of the network, or of the main hospital."""

TALK = {
    "network": """
        == 10 10:00
        찬솔: 한빛 여섯 병원이 한 포털에서 이야기합니다. 이 방은 모두에게 가는 공지만 올립니다\\nAll six hospitals now talk in one portal. This channel is for notices to everybody.
        + heart 하늘 소담 마루 아름 Layla 보람 한결
        ^ 찬솔
        == 6 09:00
        빛나: 의심 증상이 있으면 출근하지 말고 먼저 부서장과 감염관리팀에 전화해 주세요. 쉬는 것이 동료를 지키는 일입니다
        + heart 하늘 초아 누림 푸름 나루
        Huda: English and Arabic versions of this notice are posted in our site channel.
        == 3 13:00
        아름: 보호구 입고 벗기 새 영상이 나왔습니다. 6분입니다. 모든 병원이 같은 순서로 합니다
        + thumbsup 하늘 초아 나린 푸름 Huda 소담
        == 1 09:30
        새롬: 대화에는 환자 이름, 등록번호, 사진을 쓰지 **않습니다**. 병상 번호면 충분합니다
        # no-names
        + white_check_mark 하늘 마루 보람 찬솔 아름
        ^ 새롬
        Layla: To repeat in English: no patient names, numbers or pictures in chats. Bed numbers are enough.
        + thumbsup Omar Grace James
        == ago 165
        빛나: 격리 해제 기준표가 다음 월요일부터 여섯 병원 모두 같습니다. 표는 감염관리팀이 오늘 보냅니다
        + thumbsup 하늘 초아 늘봄 누림 Layla
    """,
    "all-seoul": """
        == 7 09:00
        은결: 본관 남쪽 출입문은 이번 주부터 직원 전용입니다. 방문객은 정문으로 안내해 주세요
        + thumbsup 하늘 라라 가을
        == 4 11:30
        찬솔: 사내 전화 목록이 포털 ‘사람 찾기’로 옮겨졌습니다. 내선이 틀리면 눌러서 알려 주세요
        + star 하늘 샛별
        솔길: 초성으로도 찾아지네요. 편합니다
        + smile 찬솔 해솔
        == 2 17:00
        도담: 금요일 오후 창고 재고 조사로 15시부터 두 시간 물품 불출이 멈춥니다. 미리 받아 가세요
        + white_check_mark 라라 나루 하늘
        == 0 09:10
        미르: 오늘부터 출입구 체온 확인은 자동 기기로 합니다. 걸음을 멈추지 않아도 됩니다
        + thumbsup 누리 솔길 마루
        == ago 108
        은결: 겨울 외투는 옷걸이 말고 개인 옷장에 넣어 주세요. 비상구 앞이 막힙니다
        해솔: 3층 회의실 화면이 바뀌었습니다. 선 없이 바로 띄울 수 있어요
    """,
}
