"""Where things are on the phone's screen, and what a touch there does. Facts of the game; knows no phone.

Source:  Tocard-Inc/Deep-Learning (main.py, garage.py, utils.py), by systems.md section 1: touch points of a screen
of the 2000-pixel class, held across. Other screens are touched at the same share of their width and height.
"""

from __future__ import annotations

from playhead.regions import Region

Point = tuple[float, float]

SCREEN = (2000, 1000)  # width, height that everything here is given at

# The picture that is kept: 400x150 at (45, 30) of a stream whose longer side is 512 pixels.
STREAM_SIDE = 512
CROP = (45, 30, 400, 150)

BACK: Point = (50, 50)
GARAGE: Point = (340, 980)  # in the start menu: opens the row of cars
EDIT: Point = (1950, 850)  # beside the cars: opens what the car shown wears
SELECT: Point = (1950, 980)  # beside the cars: the car shown becomes the one in the start menu
CENTRE: Point = (1000, 500)

ITEM_MENUS = ("sticker", "wheel", "hat")
TABS: dict[str, Point] = {"sticker": (220, 60), "wheel": (330, 60), "hat": (440, 60), "colour": (660, 60)}
HEAD = Region(x=0, y=10, width=740, height=100)  # back and tabs: every page has its own here

SHOWN = Region(x=600, y=250, width=800, height=320)  # in the row of cars: the middle of the one shown

COLUMN_X = (200, 450, 700)  # the three columns of a menu, and the three rows that are seen at once
ROW_Y = (300, 580, 860)
ROW_PITCH = 280  # dragging up by so much moves a menu on by one row
CELL = (230, 250)  # width and height of one thing in a menu

SLIDER_X = (375, 715)  # where a colour is 0 and where it is 1
SLIDER_Y = {"primary": 290, "secondary": 380}
TEAM_DY = 250  # the second team's sliders lie so much lower

FORWARD_PX = 1700  # a swipe of so much to the left brings the next car, of twice as much the one after
BACKWARD_PX = 1000  # a swipe of so much to the right brings the one before
TURN_PX = 265  # a drag of so much turns the car by a tenth

TRANSITION_S = 0.3  # from one page to another
BACKWARD_S = 1.0  # until a row of cars swiped back stands still
DELAY_S = 0.1  # between two touches, at most; at least 0.01


def cell(item: int) -> tuple[int, Point]:
    """Return by how many rows a menu is moved on to show an item, and where the item is then."""
    row, column = divmod(item, len(COLUMN_X))
    rows = max(0, row - (len(ROW_Y) - 1))
    return rows, (COLUMN_X[column], ROW_Y[row - rows])


def around(point: Point, width: float, height: float) -> Region:
    """Return a rectangle with a point in its middle, cut at the screen's edges."""
    left, top = max(0, round(point[0] - width / 2)), max(0, round(point[1] - height / 2))
    right = min(SCREEN[0], round(point[0] + width / 2))
    bottom = min(SCREEN[1], round(point[1] + height / 2))
    return Region(x=left, y=top, width=right - left, height=bottom - top)


def knob(team: int, which: str, value: float) -> Point:
    """Return where the knob of a colour slider is. `which`: primary or secondary; value 0 to 1."""
    left, right = SLIDER_X
    return left + value * (right - left), SLIDER_Y[which] + team * TEAM_DY


def slider(team: int, which: str) -> Region:
    """Return the rectangle of a colour slider."""
    (left, y), (right, _) = knob(team, which, 0.0), knob(team, which, 1.0)
    return Region(x=round(left) - 30, y=round(y) - 30, width=round(right - left) + 60, height=60)
