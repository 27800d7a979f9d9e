"""Said among the people who run the systems."""

TALK = {
    "it-general": """
        == 9 09:10
        찬솔: 포털 문의는 이제 이 방으로 모읍니다. 메일로 온 것도 옮겨 적어 주세요
        + thumbsup 해솔 로운 Nasser
        Nasser: Will do. I keep an Arabic copy of the answers for our staff.
        + heart 찬솔
        == 3 17:20
        해솔: 퇴사자 계정 정리 끝났습니다. 이번 달 일곱 건, 모두 그날 닫았습니다
        + white_check_mark 찬솔
    """,
    "it-incidents": """
        == 3 02:10
        로운: 보라매 6W 무선 접속점 하나가 꺼졌습니다. 옆 접속점이 받고 있어 영향은 작습니다
        > 찬솔: 아침에 교체하죠. 예비품은 2층 장비실에 있습니다
        > 로운: 07시 40분 교체 완료
        + thumbsup 찬솔 해솔
        == 1 10:45
        해솔: 본원 7W 라벨 프린터가 바코드를 흐리게 찍습니다
        다한: 헤드 청소했습니다. 다시 찍어 보니 잘 읽힙니다
        > 해솔: 검사실에서도 확인했대요
        + white_check_mark 찬솔
        == 1 22:30
        Nasser: Video calls from isolation were choppy between 21:50 and 22:10 Gulf time. Fine now.
        찬솔: We saw the same on our side. The provider reports a cut fibre, traffic moved at 22:08.
        + thumbsup Nasser
        == ago 58
        로운: 보라매 검사 결과 전송이 7분째 밀려 있습니다. 보는 중입니다
        해솔: 본원 쪽 수신은 정상입니다. 보라매 큐에 412건
        로운: 중계 서버를 다시 켰고 지금 줄어들고 있습니다. 380… 210…
        다한: 0건 확인했습니다
        + star 해솔
        로운: @류찬솔 선생님, 원인은 디스크 여유 부족이었습니다. 로그를 옮기고 경보 기준을 `80%`로 낮췄습니다
    """,
    "it-changes": """
        == 4 15:00
        해솔: 목요일 01시에 본원 무선 제어기를 올립니다. 병동마다 길어야 3분씩 끊깁니다
        + thumbsup 찬솔 로운
        ^ 찬솔
        찬솔: 중환자실은 마지막 순서로 두고, 가을 선생님께 먼저 전화드리겠습니다
        > 해솔: 순서 바꿨습니다
        == 1 14:00
        로운: 보라매 인증서는 다음 주 화요일에 바꿉니다. 재시작은 없습니다. 확인해 주세요
        ! 해솔 Nasser
    """,
    "it-windows": """
        == 60 10:00
        다한: 구형 PC 교체 3층 시작합니다. 하루 열두 대씩입니다
        + thumbsup 찬솔 해솔
        == 33 16:40
        다한: 7W와 7E 끝났습니다. 남은 것은 외래 스물여섯 대
        == 14 17:30
        다한: 마지막 네 대 교체했습니다. 자료는 모두 지우고 확인서 받았습니다
        찬솔: 수고 많으셨습니다. 이 방은 보관으로 돌립니다
        + star 해솔 다한
    """,
}
